import type { OptionSpec } from '../spec.ts';

export const DEFAULT_ADDRESS = '127.0.0.1:5000';

/** Of `tare registry serve`. */
export const SERVE_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--addr <host:port>',
    description: 'where to listen; port 0 picks a free one; other machines need --tls-cert or --allow-http',
    defaultText: DEFAULT_ADDRESS,
    variable: 'TARE_REGISTRY_ADDR',
  },
  {
    flags: '--storage <dir>',
    description: 'the folder that it keeps its blobs and names in',
    defaultText: 'tare/registry in TARE_HOME',
    variable: 'TARE_REGISTRY_STORAGE',
  },
  {
    flags: '--store',
    description:
      'serve the images of the local store: NAME:TAG as the tag TAG of the repository NAME; what is pushed becomes an image of the store',
    variable: 'TARE_REGISTRY_STORE',
  },
  { flags: '--read-only', description: 'pulls only', variable: 'TARE_REGISTRY_READ_ONLY' },
  {
    flags: '--tls-cert <file>',
    description: 'serve HTTPS with this certificate (PEM, with its chain)',
    variable: 'TARE_REGISTRY_TLS_CERT',
  },
  { flags: '--tls-key <file>', description: 'its private key (PEM)', variable: 'TARE_REGISTRY_TLS_KEY' },
  {
    flags: '--allow-http',
    description: 'listen on other than loopback addresses without TLS: whoever is between can read and change all',
    variable: 'TARE_REGISTRY_ALLOW_HTTP',
  },
  {
    flags: '--htpasswd <file>',
    description: 'ask for users and passwords of this file (bcrypt: `htpasswd -B`)',
    variable: 'TARE_REGISTRY_HTPASSWD',
  },
  {
    flags: '--token-realm <url>',
    description: 'ask for bearer tokens, which clients get there',
    variable: 'TARE_REGISTRY_TOKEN_REALM',
  },
  {
    flags: '--token-service <name>',
    description: 'for whom the tokens must be',
    variable: 'TARE_REGISTRY_TOKEN_SERVICE',
  },
  {
    flags: '--token-issuer <name>',
    description: 'by whom they must be',
    variable: 'TARE_REGISTRY_TOKEN_ISSUER',
  },
  {
    flags: '--token-key <file>',
    description: 'public keys or certificates that they may be signed with (PEM)',
    variable: 'TARE_REGISTRY_TOKEN_KEY',
  },
  {
    flags: '--anonymous-pull',
    description: 'reading needs neither password nor token',
    variable: 'TARE_REGISTRY_ANONYMOUS_PULL',
  },
  {
    flags: '--max-bytes <size>',
    description: 'of all blobs together',
    defaultText: 'no limit',
    variable: 'TARE_REGISTRY_MAX_BYTES',
  },
  {
    flags: '--max-blob-bytes <size>',
    description: 'of one blob',
    defaultText: 'no limit',
    variable: 'TARE_REGISTRY_MAX_BLOB_BYTES',
  },
  {
    flags: '--max-repositories <count>',
    description: 'how many repositories there may be',
    defaultText: 'no limit',
    variable: 'TARE_REGISTRY_MAX_REPOSITORIES',
  },
  {
    flags: '--allow-sparse',
    description: 'accept images of which some blobs are not there; for indexes that is always so',
    variable: 'TARE_REGISTRY_ALLOW_SPARSE',
  },
  {
    flags: '--access-log <file>',
    description: 'a line of JSON for each request, added to this file; - is stderr, none is nowhere',
    defaultText: '-, with --quiet none',
    variable: 'TARE_REGISTRY_ACCESS_LOG',
  },
];
