import { type ByteString, bytesOfText } from '../../base/path.ts';
import { optionValues } from './arguments.ts';
import { searchTexts } from './program-texts.ts';
import { plainWords } from '../shell/plain-words.ts';
import type { Need, ServerRule, Setup, Started, Statement } from './types.ts';

const CONTENT =
  /^(?:server\.document-root|alias\.url|webdav\..*|dir-listing\.external-.*|simple-vhost\.server-root|evhost\.path-pattern|userdir\..*)$/;
const WRITTEN =
  /^(?:server\.(?:errorlog|pid-file|upload-dirs|breakagelog)|accesslog\.filename|deflate\.cache-dir|compress\.cache-dir)$/;
/** Loaded without being named (configfile.c, config_insert_values…). */
const DEFAULT_MODULES = ['mod_indexfile', 'mod_dirlisting', 'mod_staticfile'];
const MAX_STATEMENTS = 100_000;

/** lighttpd: `-f FILE`, modules in `-m DIR` or a built-in folder (redmine.lighttpd.net, "Configuration File Syntax"). */
export const lighttpd: ServerRule = {
  programs: /^lighttpd(?:-angel)?$/,
  setup,
  parse: (text) => ({ statements: assignments(text) }),
  needs,
};

async function setup(started: Started): Promise<Setup> {
  const { args } = started;
  const builtIn = (await searchTexts(started, 'lighttpd modules 1', ['/usr/lib', '/usr/local/lib'])).find((text) =>
    text.endsWith('/lighttpd'),
  );
  const [modules = builtIn ?? '/usr/lib/lighttpd'] = optionValues(args, '-m').map(bytesOfText);
  const files = optionValues(args, '-f').map(bytesOfText);
  return {
    configs: files.map((text) => ({ text, because: `-f ${text}` })),
    statements: [],
    bases: [...files.map((text) => text.slice(0, text.lastIndexOf('/')) || '/'), modules],
    variables: {},
    needs: DEFAULT_MODULES.map((name) => ({
      need: { what: 'module', text: `${modules}/${name}.so` },
      because: 'is loaded by default',
    })),
  };
}

function needs({ args, name }: Statement, { bases }: Setup): Need[] {
  if (name === 'include') return args.map((text) => ({ what: 'include', text }));
  if (name === 'include_shell')
    return args.slice(0, 1).map((text) => ({ what: 'process', argv: plainWords(text), perhaps: true }));
  if (name === 'server.modules')
    return args.map((text) => ({ what: 'module', text: `${bases.at(-1) ?? ''}/${text}.so` }));
  if (CONTENT.test(name)) return args.filter((text) => text.startsWith('/')).map((text) => ({ what: 'content', text }));
  return WRITTEN.test(name) ? args.map((text) => ({ what: 'written', text })) : [];
}

/** `name = value`, `name += ( "a" => "b" )`, `include "x"`: the texts in quotes up to the next statement. */
function assignments(text: ByteString): Statement[] {
  const statements: { name: ByteString; args: ByteString[]; line: number }[] = [];
  const variables = new Map<ByteString, ByteString>();
  let line = 1;
  for (const match of text.matchAll(
    /\n|#.*|"((?:\\.|[^"\\])*)(?:"|$)|\b(include_shell|include)\b|(?<![\w.-])([\w.-]+)[ \t]*(?:\+=|:=|=(?![=>~]))|\bvar\.([\w-]+)/g,
  )) {
    const [whole, quoted, include, name, variable] = match;
    if (whole === '\n') line += 1;
    else if (quoted !== undefined) statements.at(-1)?.args.push(quoted.replaceAll(/\\(.)/g, '$1'));
    else if (variable !== undefined) statements.at(-1)?.args.push(variables.get(variable) ?? '');
    else if ((include ?? name) !== undefined && statements.length < MAX_STATEMENTS) {
      const last = statements.at(-1);
      if (last?.name.startsWith('var.') === true) variables.set(last.name.slice('var.'.length), last.args.join(''));
      statements.push({ name: include ?? name ?? '', args: [], line });
    }
  }
  return statements.map((statement) => ({ ...statement, args: withJoined(statement.args) }));
}

/** `var.root + "/site"` is one text; which texts belong together is not told here, so that is tried too. */
function withJoined(args: readonly ByteString[]): ByteString[] {
  return args.length === 2 && args[0]?.startsWith('/') === true ? [...args, args.join('')] : [...args];
}
