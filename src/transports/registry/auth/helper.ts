import { spawn } from 'node:child_process';
import { errnoOf, TareError } from '../../../base/error.ts';
import type { Environment } from '../../../base/http-proxy.ts';
import type { Credentials } from '../types.ts';

const MAX_OUTPUT_BYTES = 1024 * 1024; // 1 MiB
const TIMEOUT_MS = 60_000;
/** Of github.com/docker/docker-credential-helpers, credentials/error.go. */
const NOT_FOUND = /credentials not found|no credentials server URL|no credentials username/i;
/** The user name under which helpers keep an identity token. */
const TOKEN_USER = '<token>';

export interface HelperCall {
  /** What follows `docker-credential-`. */
  readonly name: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/** Undefined when the helper has none. @throws TareError E_CREDENTIALS when it fails; never with what it printed on stdout */
export async function helperGet(server: string, call: HelperCall): Promise<Credentials | undefined> {
  const { code, err, out } = await run('get', server, call);
  if (code !== 0) {
    if (NOT_FOUND.test(out) || NOT_FOUND.test(err)) return undefined;
    throw failed(call.name, `it ended with ${code}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(out);
  } catch (error) {
    if (error instanceof SyntaxError) throw failed(call.name, 'its answer is not JSON');
    throw error;
  }
  const { Secret: secret, Username: user } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof secret !== 'string' || typeof user !== 'string') throw failed(call.name, 'its answer has no Secret');
  if (secret === '') return undefined;
  return user === TOKEN_USER ? { identityToken: secret } : { username: user, password: secret };
}

/** @throws TareError E_CREDENTIALS */
export async function helperStore(
  server: string,
  credentials: { readonly username: string; readonly password: string },
  call: HelperCall,
): Promise<void> {
  const input = JSON.stringify({ ServerURL: server, Username: credentials.username, Secret: credentials.password });
  const { code } = await run('store', input, call);
  if (code !== 0) throw failed(call.name, `it does not take them: it ended with ${code}`);
}

/** False when the helper had none. @throws TareError E_CREDENTIALS */
export async function helperErase(server: string, call: HelperCall): Promise<boolean> {
  if ((await helperGet(server, call)) === undefined) return false;
  const { code } = await run('erase', server, call);
  if (code !== 0) throw failed(call.name, `it does not forget them: it ended with ${code}`);
  return true;
}

function failed(name: string, why: string, cause?: unknown): TareError {
  return new TareError('E_CREDENTIALS', `the credential helper docker-credential-${name} cannot be used: ${why}`, {
    cause,
  });
}

async function run(
  verb: string,
  input: string,
  { env, name, signal }: HelperCall,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  // The name comes out of a file, and becomes that of a program.
  if (!/^[A-Za-z0-9][\w.-]{0,100}$/.test(name)) throw failed(name.slice(0, 100), 'that is no name of a helper');
  return new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, [verb], {
      env,
      signal,
      timeout: TIMEOUT_MS,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const collected = { out: '', err: '' };
    const collect = (into: 'out' | 'err') => (chunk: Buffer) => {
      collected[into] += chunk.toString('utf8');
      if (collected[into].length > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
    };
    child.stdout.on('data', collect('out'));
    child.stderr.on('data', collect('err'));
    // A helper that reads nothing of what it is told closes the pipe.
    child.stdin.on('error', () => undefined).end(input);
    child.on('error', (error) =>
      reject(failed(name, errnoOf(error) === 'ENOENT' ? 'it is not on PATH' : error.message, error)),
    );
    child.on('close', (code) => resolve({ code: code ?? -1, ...collected }));
  });
}
