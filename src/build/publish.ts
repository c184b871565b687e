import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { aborted, withDeadline } from '../base/deadline.ts';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import { collectOutput } from '../sandbox/output.ts';
import { transcribe } from '../verify/transcript.ts';

export interface PublishInput {
  /** The folder of the project, on the host. */
  readonly dir: string;
  /** An empty folder for this job alone. */
  readonly scratch: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly ctx: Context;
}

const PROJECT = /\.(?:cs|fs|vb)proj$/;
const PUBLISHED = /\.runtimeconfig\.json$/;
/** Restoring packages takes most of it. */
const TIMEOUT_MS = 15 * 60_000; // 15 min
const MAX_SHOWN_CHARS = 2000;
const CURE =
  'publish it where there is one, and build what was published: `dotnet publish -c Release -o OUT && tare build OUT`';

/** Something that needs a folder for itself while it works; the folder is gone afterwards, whatever happens. */
export async function withScratch<T>(work: (scratch: () => Promise<string>) => Promise<T>): Promise<T> {
  let made: Promise<string> | undefined;
  try {
    return await work(() => (made ??= mkdtemp(join(tmpdir(), 'tare-publish-'))));
  } finally {
    if (made !== undefined) await rm(await made, { recursive: true, force: true });
  }
}

/** The only project file of a folder in which nothing was published. @throws TareError E_AMBIGUOUS_ENTRY when there are several */
export async function projectToPublish(dir: string): Promise<string | undefined> {
  const names = (
    await readdir(dir).catch((error: unknown) => {
      throw fromErrno(error, `cannot list ${JSON.stringify(dir)}`);
    })
  ).sort();
  const projects = names.filter((name) => PROJECT.test(name));
  if (projects.length === 0 || names.some((name) => PUBLISHED.test(name)) || names.includes('package.json'))
    return undefined;
  if (projects.length === 1) return projects[0];
  throw new TareError('E_AMBIGUOUS_ENTRY', `the folder holds several projects: ${projects.join(', ')}`, {
    hint: 'give each a folder of its own, or build what was published: `dotnet publish PROJECT -c Release -o OUT && tare build OUT`',
  });
}

/**
 * Compiles a .NET project with the SDK of this machine (`dotnet publish`). What the compiler leaves beside the sources is removed when it was not there before.
 * @returns the folder with what was published
 * @throws TareError E_TOOL_MISSING without an SDK, E_PUBLISH with the end of what the compiler said
 */
export async function publish(input: PublishInput, project: string): Promise<string> {
  const { ctx, dir, environment, scratch } = input;
  const dotnet = sdkOf(environment);
  if (dotnet === undefined) {
    throw new TareError(
      'E_TOOL_MISSING',
      `${project} is a project, and this machine has no SDK of .NET to compile it`,
      {
        hint: `install the SDK (\`dotnet\` on PATH, or DOTNET_ROOT), or ${CURE}`,
      },
    );
  }
  const out = join(scratch, 'out');
  const before = await readdir(dir);
  ctx.onEvent({ kind: 'step.started', step: 'publish', detail: project });
  try {
    const failure = await run(dotnet, wordsFor(dir, project, out), input);
    if (failure !== undefined) {
      throw new TareError('E_PUBLISH', `dotnet publish of ${project} failed: ${failure}`, {
        hint: 'mend what the compiler says; `dotnet publish -c Release` shows all of it',
      });
    }
  } finally {
    for (const name of ['bin', 'obj'])
      if (!before.includes(name)) await rm(join(dir, name), { recursive: true, force: true });
  }
  ctx.onEvent({ kind: 'step.done', step: 'publish' });
  return out;
}

function wordsFor(dir: string, project: string, out: string): string[] {
  // No servers are left behind, and neither the machine's paths nor its time get into the assemblies.
  const properties = {
    UseAppHost: 'false',
    UseSharedCompilation: 'false',
    UseRazorBuildServer: 'false',
    Deterministic: 'true',
    ...(/[,;=]/.test(dir) ? {} : { PathMap: `${dir}=/src` }),
  };
  const flags = Object.entries(properties).map(([name, value]) => `-p:${name}=${value}`);
  return ['publish', join(dir, project), '-c', 'Release', '-o', out, '--nologo', '-nodeReuse:false', ...flags];
}

/** The first `dotnet` with an SDK beside it: a run time alone compiles nothing. */
function sdkOf(environment: PublishInput['environment']): string | undefined {
  const path = (environment['PATH'] ?? '').split(delimiter);
  const folders = [environment['DOTNET_ROOT'] ?? '', ...path].filter((folder) => folder.startsWith('/'));
  return folders
    .map((folder) => join(folder, 'dotnet'))
    .filter((file) => existsSync(file))
    .map((file) => realpathSync(file))
    .find((file) => existsSync(join(dirname(file), 'sdk')));
}

/** @returns why it failed */
async function run(program: string, words: readonly string[], input: PublishInput): Promise<string | undefined> {
  const { ctx, environment, scratch } = input;
  const home = join(scratch, 'home');
  const packages = environment['NUGET_PACKAGES'] ?? join(environment['HOME'] ?? home, '.nuget', 'packages');
  const child = spawn(program, words, {
    cwd: input.dir,
    env: {
      ...environment,
      HOME: home,
      DOTNET_CLI_HOME: home,
      TMPDIR: scratch,
      NUGET_PACKAGES: packages,
      DOTNET_ROOT: dirname(program),
      DOTNET_CLI_TELEMETRY_OPTOUT: '1',
      DOTNET_NOLOGO: '1',
      DOTNET_SKIP_FIRST_TIME_EXPERIENCE: '1',
      DOTNET_MULTILEVEL_LOOKUP: '0',
      MSBUILDDISABLENODEREUSE: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said = transcribe(collectOutput(child), (stream, text) =>
    ctx.onEvent({ kind: 'command.output', stream, text }),
  );
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`it cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `exit code ${code ?? signal ?? 'unknown'}`));
  });
  const late = (): string => `it did not end within ${TIMEOUT_MS / 60_000} minutes`;
  const failure = await withDeadline(ctx.signal, TIMEOUT_MS, (limit) =>
    Promise.race([ended, aborted(limit).then(late)]),
  );
  if (child.pid !== undefined) killGroup(child.pid);
  child.stdout.destroy();
  child.stderr.destroy();
  await said.done;
  if (ctx.signal.aborted) throw new TareError('E_CANCELLED', 'interrupted while dotnet publish ran');
  return failure === undefined ? undefined : `${failure}: ${said.text().trim().slice(-MAX_SHOWN_CHARS)}`;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
