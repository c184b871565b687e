import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The default of the product takes half of the processor time of a build; few tests are about it. */
export const FAST = 'gzip:1';

export interface Answer {
  /** -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** TARE_HOME. */
  readonly home: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Program and flags before the script; default this Node. */
  readonly node?: readonly string[];
  /** Sends SIGINT as soon as stderr says this. */
  readonly interruptAt?: RegExp;
}

/** Runs the built command line as a user would. */
export function tare(args: readonly string[], options: CliOptions): Promise<Answer> {
  const [program = process.execPath, ...flags] = options.node ?? [process.execPath];
  return execute(program, [...flags, MAIN, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...cleanEnvironment(), TARE_HOME: options.home, ...options.env },
    ...(options.interruptAt === undefined ? {} : { interruptAt: options.interruptAt }),
  });
}

/** The JSON answer of a command that must succeed (or end with `code`). */
export async function tareJson<T>(
  args: readonly string[],
  options: CliOptions & { readonly code?: number },
): Promise<T> {
  const answer = await tare([...args, '--json'], options);
  if (answer.code !== (options.code ?? 0))
    throw new Error(`tare ${args.join(' ')} ended with ${answer.code}:\n${answer.stderr}`);
  return JSON.parse(answer.stdout) as T;
}

export function execute(
  program: string,
  args: readonly string[],
  options: Pick<CliOptions, 'cwd' | 'env' | 'interruptAt'> & { readonly input?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    let interrupted = false;
    child.stderr.on('data', (chunk: Buffer) => {
      err.push(chunk);
      if (interrupted || options.interruptAt?.test(Buffer.concat(err).toString('utf8')) !== true) return;
      interrupted = true;
      child.kill('SIGINT');
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8'),
      });
    });
  });
}

/** Without what the developer's own shell says to tare. */
export function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !name.startsWith('TARE_') && name !== 'SOURCE_DATE_EPOCH',
  );
  return { ...(Object.fromEntries(entries) as Record<string, string>), TARE_COMPRESSION: FAST };
}
