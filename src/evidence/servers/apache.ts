import { type ByteString, bytesOfText, type TreePath } from '../../base/path.ts';
import { optionValues } from './arguments.ts';
import { wordLines } from './lines.ts';
import { searchTexts } from './program-texts.ts';
import { plainWords } from '../shell/plain-words.ts';
import { withVariables } from './variables.ts';
import type { Need, ServerRule, Setup, Started, Statement } from './types.ts';

/** Where Debian says what `${APACHE_LOG_DIR}` and its like are; apachectl reads it before it starts the server. */
const VARIABLES_FILE = '/etc/apache2/envvars' as TreePath;
const MAX_VARIABLES_BYTES = 64 * 1024; // 64 KiB
const INCLUDES = new Set(['include', 'includeoptional']);
const CONTENT = new Set([
  'documentroot',
  'alias',
  'scriptalias',
  'aliasmatch',
  'scriptaliasmatch',
  'virtualdocumentroot',
  'userdir',
]);
const MODULES = new Set(['loadmodule', 'loadfile']);
const WRITTEN = new Set([
  'errorlog',
  'customlog',
  'transferlog',
  'pidfile',
  'defaultruntimedir',
  'scoreboardfile',
  'davlockdb',
  'cacheroot',
  'sslsessioncache',
]);
const FILES =
  /^(?:typesconfig|mimemagicfile|auth\w*file|ssl\w*(?:file|path)|sslopensslconfcmd|errordocument|luahook\w+|wsgiscriptalias|wsgiimportscript|securerule\w*|browscap)$/;

/** Apache httpd (httpd.apache.org, "Directive Index"; names of directives in any case). */
export const apache: ServerRule = {
  programs: /^(?:apache2|httpd|httpd-(?:prefork|worker|event))$/,
  setup,
  parse: (text) => ({ statements: wordLines(text) }),
  needs,
  base: ({ args, name }) => (name.toLowerCase() === 'serverroot' ? args[0] : undefined),
};

async function setup(started: Started): Promise<Setup> {
  const { args, env } = started;
  const found = await searchTexts(started, 'apache settings 1', ['HTTPD_ROOT=', 'SERVER_CONFIG_FILE=']);
  // The program has them as `-D HTTPD_ROOT="…"`, for its option -V.
  const texts = await searchTexts(started, 'apache settings 2', [
    '/etc/apache2',
    '/usr/local/apache2',
    '/etc/httpd',
    '/usr/local/httpd',
  ]);
  const isDebian = texts.includes('/etc/apache2') && found.length > 0;
  const builtInRoot = texts.find((text) => /^\/(?:etc|usr\/local)\/(?:apache2|httpd)$/.test(text)) ?? '/etc/apache2';
  const [root = builtInRoot] = optionValues(args, '-d').map(bytesOfText);
  const files = optionValues(args, '-f').map(bytesOfText);
  const usual = isDebian
    ? ['apache2.conf', 'conf/httpd.conf', 'httpd.conf']
    : ['conf/httpd.conf', 'httpd.conf', 'apache2.conf'];
  const there = usual.find((name) => started.tree.resolve(`${root}/${name}` as TreePath) !== undefined) ?? usual[0];
  const config = files[0] ?? `${root}/${there}`;
  const because = files.length > 0 ? `-f ${config}` : 'is its built-in configuration';
  return {
    configs: [{ text: config, because }],
    statements: optionValues(args, '-C', '-c').flatMap((text) => wordLines(bytesOfText(text))),
    bases: [root],
    variables: {
      ...(await systemVariables(started)),
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, bytesOfText(value)])),
    },
    needs: [{ need: { what: 'file', text: '/etc/mime.types' }, because: 'types of files' }],
  };
}

async function systemVariables({ content, tree }: Started): Promise<Record<string, ByteString>> {
  const entry = tree.resolve(VARIABLES_FILE)?.entry;
  if (entry?.content === undefined || entry.size > MAX_VARIABLES_BYTES) return {};
  const text = Buffer.from(await content.read(entry)).toString('latin1');
  const lines = [...text.matchAll(/^[ \t]*export[ \t]+([A-Z_]+)=(?:"([^"]*)"|(\S*))/gm)];
  return Object.fromEntries(
    lines.map(([, name = '', quoted, bare]) => [name, (quoted ?? bare ?? '').replaceAll(/\$\{?SUFFIX\}?/g, '')]),
  );
}

function needs({ args, name }: Statement, { variables }: Setup): Need[] {
  const lower = name.toLowerCase();
  const [first = '', second] = args;
  if (INCLUDES.has(lower)) return [{ what: 'include', text: first }];
  if (MODULES.has(lower)) return args.slice(lower === 'loadmodule' ? 1 : 0).map((text) => ({ what: 'module', text }));
  if (CONTENT.has(lower)) return [{ what: 'content', text: beforeVariable(second ?? first) }];
  if (WRITTEN.has(lower))
    return first.startsWith('|')
      ? [{ what: 'process', argv: piped(withVariables(first, variables)), perhaps: true }]
      : [{ what: 'written', text: first.replace(/^\w+:/, '') }];
  if (FILES.test(lower))
    return [first, second ?? ''].filter((text) => /[./]/.test(text)).map((text) => ({ what: 'file', text }));
  return [];
}

/** `|$/usr/bin/rotatelogs FILE 86400`. */
function piped(text: ByteString): ByteString[] {
  return plainWords(text.replace(/^\|[|$]?/, ''));
}

function beforeVariable(text: ByteString): ByteString {
  const at = text.search(/[%$](?![{])/);
  return at === -1 ? text : text.slice(0, text.lastIndexOf('/', at) + 1);
}
