import { TareError } from '../../base/error.ts';
import type { ServeOptions, Serving } from '../../ship/registry/server.ts';
import { formatSize, plural } from '../../report/format.ts';
import { hasRetention, pruneBy, RETENTION_OPTIONS } from '../retention-options.ts';
import type { CommandInput, CommandResult, CommandSpec } from '../spec.ts';

const DEFAULT_ADDRESS = '127.0.0.1:5000';

export const command: CommandSpec = {
  name: 'registry',
  arguments: [
    {
      name: '<action>',
      description:
        'serve: run a registry until it is told to stop; prune: delete tags by rules, and what nothing refers to, also beside a running server',
    },
  ],
  summary: 'run a registry of images on this machine',
  description:
    'A server of the OCI distribution specification 1.1: any client can push to it and pull from it. It listens on this machine only, unless it is told otherwise, and keeps everything in one folder. To push to it: `docker push 127.0.0.1:5000/NAME`, or `skopeo copy --dest-tls-verify=false SOURCE docker://127.0.0.1:5000/NAME`. SIGTERM or Ctrl-C lets it finish what is in flight, for ten seconds; the second one ends it at once.',
  options: [
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
    ...[{ flags: '--dry-run', description: 'only say what would be deleted' }, ...RETENTION_OPTIONS].map((option) => ({
      ...option,
      group: 'Of prune:',
    })),
  ],
  examples: [
    ['tare registry serve', `a registry on ${DEFAULT_ADDRESS}, for this machine`],
    ['tare registry serve --addr 127.0.0.1:0 --storage images --max-bytes 100GB', 'elsewhere, and not too much'],
    ['tare registry serve --addr :443 --tls-cert cert.pem --tls-key key.pem', 'for other machines'],
    ['tare registry serve --htpasswd users --anonymous-pull', 'all may pull, users may push'],
    ['tare registry prune --keep-newest 10 --keep-younger 1m --dry-run', 'what would go, and why'],
  ],
  async run(input) {
    const action = String(input.args[0]);
    if (action === 'serve') return serve(input);
    if (action === 'prune') return prune(input);
    throw new TareError('E_USAGE', `${JSON.stringify(action)} is nothing to do with a registry`, {
      hint: 'write `tare registry serve` or `tare registry prune`',
    });
  },
};

/** Without a rule no tag goes: what nothing refers to alone. */
async function prune(input: CommandInput): Promise<CommandResult> {
  const { options } = input;
  const { openStoragePlace } = await import('../../ship/retention/places/index.ts');
  const place = await openStoragePlace(await storageOf(input));
  if (hasRetention(options)) return pruneBy(place, input);
  if (options.text('price') !== undefined)
    throw new TareError('E_USAGE', '--price needs a rule that says what stays', {
      hint: 'add --keep-newest N, --keep-younger AGE or --keep-tag PATTERN',
    });
  const dryRun = options.flag('dryRun');
  const { blobs, bytes } = await place.collect({ dryRun });
  const said = dryRun ? 'would delete' : 'deleted';
  return {
    json: { blobs, bytes, dryRun },
    text: () => `${said} ${plural(blobs, 'blob')}, ${formatSize(bytes)}`,
  };
}

async function storageOf({ cli, options }: CommandInput): Promise<string> {
  const [{ defaultHome }, { join }] = await Promise.all([import('../../store/home.ts'), import('node:path')]);
  return options.text('storage') ?? join(defaultHome(cli.env), 'tare', 'registry');
}

async function serve(input: CommandInput): Promise<CommandResult> {
  const { serveRegistry } = await import('../../ship/registry/server.ts');
  const log = await openLog(input);
  const serving = await serveRegistry({
    ...(await optionsOf(input)),
    ...(log === undefined ? {} : { log: log.write }),
  });
  return { json: null, text: () => '', raw: untilStopped(serving, input, log) };
}

/** The one line of the answer; then nothing, until the server has stopped. */
async function* untilStopped(
  serving: Serving,
  { cli }: CommandInput,
  log: AccessLog | undefined,
): AsyncGenerator<Uint8Array> {
  const { signal } = cli.ctx;
  yield Buffer.from(cli.json ? `${JSON.stringify({ url: serving.url })}\n` : `listening on ${serving.url}\n`);
  if (!signal.aborted)
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  await serving.stop();
  await log?.close();
}

async function optionsOf(input: CommandInput): Promise<ServeOptions> {
  const { options } = input;
  const { isLoopback, parseAddress } = await import('../../ship/registry/addr.ts');
  const address = parseAddress(options.text('addr') ?? DEFAULT_ADDRESS);
  const tls = await tlsOf(options);
  if (!isLoopback(address.host) && tls === undefined && !options.flag('allowHttp'))
    throw new TareError('E_USAGE', `${address.host} is not a loopback address, and there is no TLS`, {
      hint: 'give --tls-cert and --tls-key, or say --allow-http when the network is yours alone',
    });
  const access = await accessOf(options);
  return {
    ...address,
    storage: await storageOf(input),
    readOnly: options.flag('readOnly'),
    allowSparse: options.flag('allowSparse'),
    limits: await limitsOf(options),
    ...(tls === undefined ? {} : { tls }),
    ...(access === undefined ? {} : { access }),
  };
}

async function limitsOf(options: CommandInput['options']): Promise<NonNullable<ServeOptions['limits']>> {
  const { parseSize } = await import('../../config/size.ts');
  const size = (name: string, flag: string): number => {
    const text = options.text(name);
    return text === undefined ? Infinity : parseSize(text, flag, 'E_USAGE');
  };
  return {
    maxBytes: size('maxBytes', '--max-bytes'),
    maxBlobBytes: size('maxBlobBytes', '--max-blob-bytes'),
    maxRepositories: options.number('maxRepositories') ?? Infinity,
  };
}

/** Certificates with their chains, and keys. */
const MAX_PEM_BYTES = 1024 * 1024; // 1 MiB

async function pem(file: string): Promise<Buffer> {
  const [{ readSmallFile }, { fromErrno }] = await Promise.all([
    import('../../base/small-file.ts'),
    import('../../base/error.ts'),
  ]);
  return readSmallFile(file, MAX_PEM_BYTES).catch((error: unknown) => {
    throw fromErrno(error, `cannot read ${file}`);
  });
}

async function tlsOf(options: CommandInput['options']): Promise<ServeOptions['tls']> {
  const [cert, key] = [options.text('tlsCert'), options.text('tlsKey')];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new TareError('E_USAGE', '--tls-cert and --tls-key go together');
  const tls = { cert: await pem(cert), key: await pem(key) };
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new TareError('E_USAGE', `${cert} and ${key} cannot be used for TLS: ${(error as Error).message}`, {
      hint: 'give a certificate and its private key as PEM files',
      cause: error,
    });
  }
  return tls;
}

async function accessOf(options: CommandInput['options']): Promise<ServeOptions['access']> {
  const htpasswd = options.text('htpasswd');
  const token = {
    realm: options.text('tokenRealm'),
    service: options.text('tokenService'),
    issuer: options.text('tokenIssuer'),
    key: options.text('tokenKey'),
  };
  const anonymousPull = options.flag('anonymousPull');
  const hasToken = Object.values(token).some((value) => value !== undefined);
  if (htpasswd !== undefined && hasToken)
    throw new TareError('E_USAGE', 'there are either passwords or tokens, not both');
  if (htpasswd !== undefined) {
    const { htpasswdAccess } = await import('../../ship/registry/auth/htpasswd.ts');
    return htpasswdAccess({ file: htpasswd, anonymousPull });
  }
  if (!hasToken) {
    if (anonymousPull)
      throw new TareError('E_USAGE', '--anonymous-pull goes with --htpasswd or --token-realm: without, all may push');
    return undefined;
  }
  const { realm, service, issuer, key } = token;
  if (realm === undefined || service === undefined || issuer === undefined || key === undefined)
    throw new TareError('E_USAGE', '--token-realm, --token-service, --token-issuer and --token-key go together');
  const [{ tokenAccess }, { readPublicKeys }] = await Promise.all([
    import('../../ship/registry/auth/token.ts'),
    import('../../ship/registry/auth/jwt.ts'),
  ]);
  try {
    return tokenAccess({
      realm,
      service,
      issuer,
      anonymousPull,
      keys: readPublicKeys((await pem(key)).toString('utf8')),
    });
  } catch (error) {
    if (error instanceof TareError) throw error;
    throw new TareError('E_USAGE', `${key} holds no public key that can be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

interface AccessLog {
  readonly write: (line: string) => void;
  readonly close: () => Promise<void>;
}

async function openLog({ cli, options }: CommandInput): Promise<AccessLog | undefined> {
  const file = options.text('accessLog') ?? (cli.quiet ? 'none' : '-');
  if (file === 'none') return undefined;
  if (file === '-') return { write: (line) => void process.stderr.write(`${line}\n`), close: () => Promise.resolve() };
  const [{ open }, { fromErrno }] = await Promise.all([import('node:fs/promises'), import('../../base/error.ts')]);
  const handle = await open(file, 'a', 0o640).catch((error: unknown) => {
    throw fromErrno(error, `cannot write ${file}`);
  });
  const stream = handle.createWriteStream();
  let isBroken = false;
  // A full disk must not end a registry that only reads.
  stream.on('error', (error) => {
    if (!isBroken) process.stderr.write(`the access log ${file} cannot be written any more: ${error.message}\n`);
    isBroken = true;
  });
  return {
    write: (line) => {
      if (!isBroken) stream.write(`${line}\n`);
    },
    close: () =>
      new Promise((resolve) => {
        stream.once('close', resolve);
        stream.end();
      }),
  };
}
