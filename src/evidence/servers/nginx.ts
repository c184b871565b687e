import { type ByteString, bytesOfText } from '../../base/path.ts';
import { parseNginxConf } from '../../formats/nginxconf/index.ts';
import { optionValues } from './arguments.ts';
import { searchTexts } from './program-texts.ts';
import type { Need, ServerRule, Setup, Started, Statement } from './types.ts';

/** Settings of `configure` that name what nginx reads or writes without being told. */
const BUILT_IN = /^--(prefix|conf-path|error-log-path|http-log-path|pid-path|lock-path|http-[a-z]+-temp-path)=(.+)$/;
const CONTENT = new Set(['root', 'alias']);
const WRITTEN =
  /^(?:access_log|error_log|pid|lock_file|state_path|google_perftools_profiles|.*_(?:temp|cache|store)_path)$/;
/** Relative to the folder of the configuration, as their first argument. */
const FILES =
  /^(?:ssl_(?:certificate|certificate_key|client_certificate|trusted_certificate|crl|dhparam|password_file|session_ticket_key)|.*_ssl_(?:certificate|certificate_key|trusted_certificate|crl|password_file)|auth_basic_user_file|auth_jwt_key_file|geoip2?(?:_country|_city|_org|_proxy)?|js_(?:import|include)|perl_require|xslt_stylesheet|.*_by_lua_file|modsecurity_rules_file|secure_link_secret_file|map_hash_file)$/;
const FOLDERS = /^(?:lua_package_path|lua_package_cpath|perl_modules|js_path)$/;

/** nginx and its descendants (nginx.org "Alphabetical index of directives"; ngx_conf_full_name for what relative paths mean). */
export const nginx: ServerRule = {
  programs: /^(?:nginx(?:-debug)?|openresty|angie|freenginx|tengine)$/,
  setup,
  parse: (text) => {
    const { directives, problem } = parseNginxConf(text);
    return { statements: directives, ...(problem && { problem: `line ${problem.line}: ${problem.message}` }) };
  },
  needs,
};

async function setup(started: Started): Promise<Setup> {
  const { args } = started;
  const found = new Map<string, ByteString>();
  for (const text of await searchTexts(started, 'nginx configure 1', [
    '--prefix=',
    '--conf-path=',
    '--error-log-path=',
    '--http-',
    '--pid-path=',
    '--lock-path=',
  ]))
    found.set(BUILT_IN.exec(text)?.[1] ?? '', BUILT_IN.exec(text)?.[2] ?? '');
  const [prefix = found.get('prefix') ?? '/usr/local/nginx'] = optionValues(args, '-p').map(bytesOfText);
  const builtIn = found.get('conf-path') ?? 'conf/nginx.conf';
  const [given] = optionValues(args, '-c').map(bytesOfText);
  const config = from(prefix, given ?? builtIn);
  const folder = config.slice(0, config.lastIndexOf('/')) || '/';
  const written = [...found].filter(([name]) => name.endsWith('-path') && name !== 'conf-path');
  return {
    configs: [{ text: config, because: given === undefined ? 'is its built-in configuration' : `-c ${given}` }],
    statements: optionValues(args, '-g').flatMap((text) => parseNginxConf(bytesOfText(text)).directives),
    bases: [folder, prefix],
    variables: {},
    needs: [
      ...written.map(([name, text]) => ({
        need: { what: 'written', text } as const,
        because: `--${name} is built in`,
      })),
      { need: { what: 'content', text: from(prefix, 'html') }, because: 'is served where no root is set' },
    ],
  };
}

function from(prefix: ByteString, text: ByteString): ByteString {
  return text.startsWith('/') ? text : `${prefix}/${text}`;
}

function needs({ args, name }: Statement): Need[] {
  const [first = ''] = args;
  if (name === 'include') return [{ what: 'include', text: first }];
  if (name === 'load_module') return [{ what: 'module', text: first }];
  if (CONTENT.has(name)) return [{ what: 'content', text: beforeVariable(first) }];
  if (WRITTEN.test(name))
    return /^(?:off|stderr|syslog:|memory:)/.test(first) ? [] : [{ what: 'written', text: first }];
  if (FOLDERS.test(name))
    return first.split(';').flatMap((text): Need[] => {
      const folder = text.replace(/\/[^/]*\?.*$/s, '');
      return folder.startsWith('/') ? [{ what: 'content', text: folder }] : [];
    });
  if (FILES.test(name)) return args.slice(0, 1).map((text) => ({ what: 'file', text }));
  return [];
}

/** `root /srv/$host`: everything that it may be lies in the folder before. */
function beforeVariable(text: ByteString): ByteString {
  const at = text.indexOf('$');
  return at === -1 ? text : text.slice(0, text.lastIndexOf('/', at) + 1);
}
