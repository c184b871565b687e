import {
  bytesOfText,
  compareBytes,
  joinPath,
  nameOf,
  parentOf,
  pathOfText,
  ROOT,
  showPath,
  type TreePath,
} from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { locate } from '../locate.ts';
import type { Edge } from '../types.ts';
import type { KeptProgram } from './kept-programs.ts';
import { joinFindings, makeLink, NOTHING, place, ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

const RULE = 'ca-certificates';
/** All certificates in one file, in the order in which Go tries them (crypto/x509/root_linux.go), then those that OpenSSL builds have as `OPENSSLDIR/cert.pem`. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/etc/pki/tls/cert.pem',
  '/usr/lib/ssl/cert.pem',
  '/usr/local/ssl/cert.pem',
].map(pathOfText);
/** One file per certificate, named by its hash (openssl-rehash(1)). */
const FOLDERS = ['/usr/lib/ssl/certs', '/etc/ssl/certs', '/etc/pki/tls/certs', '/usr/local/ssl/certs'].map(pathOfText);
/** Variables that name a file or folder of certificates to OpenSSL, Node, curl, Python's requests, Git. */
const VARIABLES = [
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
];
/** Node has the certificates built in, and takes the machine's only when it is told to (node(1)). */
const NODE_NAME = /^node(?:js)?$|^libnode\.so/;
const NODE_OPTION = /(?:^|\s)--use-(?:openssl|system)-ca(?:\s|$)/;
const NODE_MARK = 'NODE_EXTRA_CA_CERTS';
const HASH_NAME = /^[0-9a-f]{8}\.\d+$/;

/**
 * The certificate authorities' bundle, when something that is kept can make TLS connections: it holds the path of such a bundle or folder among its
 * constants. OpenSSL's libcrypto alone does not count, it also serves for hashes; with libssl it does.
 */
export const caCertificates: Rule = {
  name: RULE,
  async apply(input: RuleInput): Promise<Findings> {
    const named = namedByEnvironment(input);
    const programs = await input.programs.all();
    const tls = programs.some(({ path }) => nameOf(path).startsWith('libssl'));
    const all = [named];
    for (const program of programs) {
      if (nameOf(program.path).startsWith('libcrypto') && !tls) continue;
      if (NODE_NAME.test(nameOf(program.path)) && !nodeAsksForThem(input)) continue;
      all.push(await forProgram(input, program));
    }
    return joinFindings(all);
  },
};

function nodeAsksForThem({ context }: RuleInput): boolean {
  return NODE_OPTION.test([...context.argv, context.env['NODE_OPTIONS'] ?? ''].join(' '));
}

function namedByEnvironment({ context, tree, warn }: RuleInput): Findings {
  const edges: Edge[] = [];
  for (const variable of VARIABLES) {
    const value = context.env[variable] ?? '';
    if (!value.startsWith('/')) continue;
    const path = locate(tree, ROOT, bytesOfText(value))?.path;
    const found = path === undefined ? undefined : tree.resolve(path)?.entry;
    const because = `${variable} in the environment names it`;
    if (path === undefined || found === undefined) {
      warn({ code: 'ca-missing', message: `${variable}=${value}: there is no such file`, path: value });
      continue;
    }
    edges.push(ruleEdge(RULE, path, because));
    if (found.type === 'directory') edges.push(...hashedFiles(tree, path, because));
  }
  return { edges, add: [] };
}

async function forProgram(input: RuleInput, program: KeptProgram): Promise<Findings> {
  const { tree, warn } = input;
  const mentioned = await input.programs.mentions(program, [...BUNDLES, ...FOLDERS, NODE_MARK]);
  if (mentioned.has(NODE_MARK) && !nodeAsksForThem(input)) return NOTHING;
  const folders = FOLDERS.filter((path) => mentioned.has(path));
  if (folders.length === 0 && !BUNDLES.some((path) => mentioned.has(path))) return NOTHING;
  const bundle = BUNDLES.find((path) => mentioned.has(path) && isFile(tree, path));
  if (bundle !== undefined) {
    const because = `${showPath(program.path)} can make TLS connections and looks for it there`;
    return { edges: [ruleEdge(RULE, bundle, because, 'likely')], add: [] };
  }
  const anywhere = BUNDLES.find((path) => isFile(tree, path));
  const folder = folders.find((path) => hashedFiles(tree, path, '').length > 0);
  const wanted = BUNDLES.find((path) => mentioned.has(path) && nameOf(path) === 'cert.pem');
  if (anywhere !== undefined && wanted !== undefined) return linked(tree, program, { wanted, anywhere });
  if (folder !== undefined) {
    const because = `${showPath(program.path)} can make TLS connections and looks for certificates there`;
    return { edges: hashedFiles(tree, folder, because), add: [] };
  }
  const message = `${showPath(program.path)} can make TLS connections, but there are no CA certificates where it looks for them: it will trust no server`;
  warn({ code: 'ca-missing', message, path: showPath(program.path) });
  return NOTHING;
}

/** OpenSSL would look every certificate up in its folder of some 280 files; with a link to the bundle it finds the same ones in one. */
function linked(
  tree: Tree,
  program: KeptProgram,
  { anywhere, wanted }: { readonly anywhere: TreePath; readonly wanted: TreePath },
): Findings {
  const because = `${showPath(program.path)} can make TLS connections and looks for certificates in ${parentOf(wanted)}`;
  const made = place(tree, makeLink(wanted, anywhere), { rule: RULE, because: `${because}: a link to ${anywhere}` });
  return { ...made, edges: [...made.edges, ruleEdge(RULE, anywhere, because, 'likely')] };
}

function hashedFiles(tree: Tree, folder: TreePath, because: string): Edge[] {
  const real = tree.resolve(folder)?.entry.path;
  const names = real === undefined ? [] : tree.children(real).map((entry) => nameOf(entry.path));
  return names
    .filter((name) => HASH_NAME.test(name))
    .sort(compareBytes)
    .map((name) => ruleEdge(RULE, joinPath(folder, name), because, 'likely'));
}

function isFile(tree: Tree, path: TreePath): boolean {
  return tree.resolve(path)?.entry.content !== undefined;
}
