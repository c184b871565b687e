import type { Rule, Wanted } from './types.ts';

/** Names below `six.moves` and the modules of Python 3 that they are (six.py, _moved_attributes). */
const MOVED: Readonly<Record<string, string>> = {
  BaseHTTPServer: 'http.server',
  CGIHTTPServer: 'http.server',
  SimpleHTTPServer: 'http.server',
  cPickle: 'pickle',
  StringIO: 'io',
  cStringIO: 'io',
  UserDict: 'collections',
  collections_abc: 'collections.abc',
  configparser: 'configparser',
  copyreg: 'copyreg',
  dbm_gnu: 'dbm.gnu',
  email_mime_base: 'email.mime.base',
  email_mime_multipart: 'email.mime.multipart',
  email_mime_nonmultipart: 'email.mime.nonmultipart',
  email_mime_text: 'email.mime.text',
  html_entities: 'html.entities',
  html_parser: 'html.parser',
  http_client: 'http.client',
  http_cookiejar: 'http.cookiejar',
  http_cookies: 'http.cookies',
  queue: 'queue',
  reload_module: 'importlib',
  reprlib: 'reprlib',
  shlex_quote: 'shlex',
  socketserver: 'socketserver',
  urllib: 'urllib',
  urllib_error: 'urllib.error',
  urllib_parse: 'urllib.parse',
  urllib_robotparser: 'urllib.robotparser',
  xmlrpc_client: 'xmlrpc.client',
  xmlrpc_server: 'xmlrpc.server',
};

/** Modules that `six.moves` makes up at run time. */
export const six: Rule = {
  name: 'six',
  find({ scan }) {
    const out: Wanted[] = [];
    for (const { line, module, names = [] } of scan.imports) {
      const [, below = ''] = /(?:^|\.)six\.moves(?:\.(.+))?$/.exec(module) ?? [];
      if (!/(?:^|\.)six\.moves(?:\.|$)/.test(module)) continue;
      const wanted = below === '' ? names.flatMap((name) => MOVED[name] ?? []) : [below, MOVED[below] ?? below];
      for (const name of wanted.flatMap((item) =>
        item === 'urllib' ? ['urllib.parse', 'urllib.request', 'urllib.error', 'urllib.response'] : [item],
      ))
        out.push({ module: name, because: `six.moves stands for ${name}`, certainty: 'sure', line });
    }
    return out;
  },
};
