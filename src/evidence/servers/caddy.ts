import { bytesOfText, type ByteString, type TreePath } from '../../base/path.ts';
import { optionValues } from './arguments.ts';
import { wordLines } from './lines.ts';
import type { Need, ServerRule, Statement } from './types.ts';

/** Caddy: a Caddyfile, or the JSON that it is translated to (caddyserver.com/docs, "Caddyfile Concepts", "Command Line"). */
export const caddy: ServerRule = {
  programs: /^caddy$/,
  setup: async ({ args, cwd, env, tree }) => {
    const given = optionValues(args, '--config', '-c').map(bytesOfText);
    const usual: ByteString[] = [`${cwd}/Caddyfile`, '/etc/caddy/Caddyfile', '/etc/caddy/caddy.json'];
    const config = given[0] ?? usual.find((path) => tree.resolve(path as TreePath) !== undefined);
    const because = given.length > 0 ? `--config ${config ?? ''}` : 'is its configuration by default';
    const served = args[0] === 'file-server' ? optionValues(args, '--root', '-r').map(bytesOfText) : [];
    return {
      configs: config === undefined ? [] : [{ text: config, because }],
      statements: [],
      bases: [config === undefined ? cwd : config.slice(0, config.lastIndexOf('/')) || '/', cwd],
      variables: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, bytesOfText(value)])),
      needs: served.map((text) => ({ need: { what: 'content', text }, because: `--root ${text}` })),
    };
  },
  parse: (text) =>
    /^\s*\{\s*"/.test(text)
      ? parseJson(text)
      : { statements: wordLines(text.replaceAll(/\{(?:\$|env\.)(\w+)(?::[^}\n]{0,200})?\}/g, '${$1}')) },
  needs,
};

function needs({ args, name }: Statement): Need[] {
  const rest = args.filter((word) => word !== '{');
  switch (name) {
    case 'import':
      return rest.slice(0, 1).map((text) => ({ what: 'include', text }));
    case 'root':
      return rest.slice(-1).map((text) => ({ what: 'content', text }));
    case 'browse':
    case 'tls':
      return rest.filter((text) => /[./]/.test(text)).map((text) => ({ what: 'file', text }));
    case 'output':
      return rest[0] === 'file' ? [{ what: 'written', text: rest[1] ?? '' }] : [];
    default:
      return [];
  }
}

/** Members of the objects as statements, whatever they are in. */
function parseJson(text: ByteString): { statements: Statement[]; problem?: string } {
  const statements: Statement[] = [];
  try {
    JSON.parse(text, (name, value: unknown) => {
      if (typeof value === 'string') statements.push({ name, args: [value], line: 1 });
      return value;
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { statements, problem: error.message };
  }
  return { statements };
}
