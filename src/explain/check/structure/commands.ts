import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { throwIfCancelled } from '../../../base/context.ts';
import { aborted, withDeadline } from '../../../base/deadline.ts';
import { fromErrno, isTareError } from '../../../base/error.ts';
import type { Context } from '../../../base/events.ts';
import { makeFolders } from '../../../base/folders.ts';
import type { Image } from '../../../oci/types.ts';
import { rootfsOf } from '../../../pack/roots.ts';
import type { Exit, RunSpec, Sandbox } from '../../../sandbox/types.ts';
import type { Store } from '../../../store/types.ts';
import { runSpecOf } from '../../../verify/run-spec.ts';
import { transcribe } from '../../../verify/transcript.ts';
import { requireSandbox } from '../../../verify/with-sandbox.ts';
import type { Outcome } from '../types.ts';
import type { CommandTest, StructureTests } from './types.ts';
import { environmentOf, expand, mismatches, shortened, verdict } from './words.ts';

/** What each command gets, in milliseconds. */
const COMMAND_MS = 300_000;

export interface CommandOptions {
  readonly image: Image;
  readonly tests: Pick<StructureTests, 'commands' | 'env' | 'hostEnv' | 'user'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: Store;
  readonly ctx: Context;
}

/**
 * Runs the commands of structure tests, each in a container of its own without network, entry point left out. What is not there or does not end is a
 * test that failed. There is nothing to tear down: a container is gone with its command.
 * @throws TareError E_TOOL_MISSING, E_SANDBOX when this machine cannot run any; E_CANCELLED
 */
export async function commandOutcomes(options: CommandOptions): Promise<readonly Outcome[]> {
  const { ctx, image, store, tests } = options;
  if (tests.commands.length === 0) return [];
  const sandbox = await requireSandbox();
  const rootfs = await rootfsOf({ image, store, ctx });
  const work = await workFolder(store, tests.commands);
  try {
    const outcomes: Outcome[] = [];
    for (const test of tests.commands)
      outcomes.push(await outcomeOf(test, { ...options, sandbox, root: rootfs.dir, work }));
    return outcomes;
  } finally {
    await rootfs.release();
    if (work !== undefined) await removeChanges(sandbox, work);
  }
}

interface Place extends CommandOptions {
  readonly sandbox: Sandbox;
  readonly root: string;
  readonly work: string | undefined;
}

async function outcomeOf(test: CommandTest, place: Place): Promise<Outcome> {
  const { ctx, env, image, root, sandbox, tests, work } = place;
  const own = environmentOf(image.config.config ?? {});
  const variables = new Map(own);
  for (const name of tests.hostEnv) if (env[name] !== undefined) variables.set(name, env[name]);
  for (const { key, value } of [...tests.env, ...test.env]) variables.set(key, expand(value, variables));
  const given = [...variables].filter(([name, value]) => own.get(name) !== value);
  const specOf = (argv: readonly string[]): RunSpec =>
    runSpecOf(image, root, {
      entrypoint: argv,
      env: given.map(([name, value]) => `${name}=${value}`),
      network: { kind: 'none' },
      ...(tests.user === undefined ? {} : { user: tests.user }),
    });
  let lowers: readonly string[] = [root];
  const changed = async (spec: RunSpec): Promise<RunSpec> => {
    if (work === undefined || test.setup.length === 0) return spec;
    const dir = await mkdtemp(join(work, 'step-'));
    const changes = { lowers, dir };
    lowers = [...lowers, join(dir, 'upper')];
    return { ...spec, changes };
  };
  // As with container-structure-test a setup may end as it likes; when the test fails afterwards, that is worth telling.
  const setups: string[] = [];
  try {
    for (const argv of test.setup) {
      const { exit, stderr } = await runOnce(sandbox, await changed(specOf(argv)), ctx);
      const what = `the setup ${argv.join(' ')}`;
      if (exit === undefined) return verdict(test.name, [`${what} ${LATE}`], '');
      if (exit.code !== 0) setups.push(`${what} ended with exit code ${exit.code}: ${shortened(stderr)}`);
    }
    const argv = test.argv.map((word) => expand(word, variables));
    const { exit, stderr, stdout } = await runOnce(sandbox, await changed(specOf(argv)), ctx);
    if (exit === undefined) return verdict(test.name, [`${argv.join(' ')} ${LATE}`], '');
    const said = shortened(stderr.trim() === '' ? stdout : stderr);
    const wrong = [
      ...mismatches(stderr, test.expectedError, test.excludedError, 'stderr'),
      ...mismatches(stdout, test.expectedOutput, test.excludedOutput, 'stdout'),
      ...(exit.code === test.exitCode ? [] : [`exit code ${exit.code}, not ${test.exitCode}`]),
    ];
    const notes = wrong.length === 0 ? [] : [...wrong, ...setups, ...(said === '' ? [] : [`it said: ${said}`])];
    return { ...verdict(test.name, wrong, `exit code ${exit.code}`), evidence: notes.map((note) => ({ note })) };
  } catch (error) {
    if (!isTareError(error, 'E_ENTRYPOINT') && !isTareError(error, 'E_USER')) throw error;
    return verdict(test.name, [error.message], '');
  }
}

const LATE = `did not end within ${COMMAND_MS / 1000} s`;

/** `exit` is undefined when it took too long. */
async function runOnce(
  sandbox: Sandbox,
  spec: RunSpec,
  ctx: Context,
): Promise<{ readonly exit: Exit | undefined; readonly stdout: string; readonly stderr: string }> {
  throwIfCancelled(ctx.signal);
  const running = await sandbox.start(spec, ctx.signal);
  const said = transcribe(running.output, () => undefined);
  try {
    const exit = await withDeadline(ctx.signal, COMMAND_MS, (limit) => Promise.race([running.wait(), aborted(limit)]));
    throwIfCancelled(ctx.signal);
    if (exit !== undefined) await said.done;
    return { exit, stdout: said.text('stdout'), stderr: said.text('stderr') };
  } finally {
    await running.stop(0);
    await said.done;
  }
}

/** For what setups write; on the disk of the store, as overlays want it. */
async function workFolder(store: Store, commands: readonly CommandTest[]): Promise<string | undefined> {
  if (commands.every(({ setup }) => setup.length === 0)) return undefined;
  const folder = join(store.home, 'tare', 'checks');
  try {
    makeFolders(folder);
    return await mkdtemp(join(folder, 'run-'));
  } catch (error) {
    throw fromErrno(error, `cannot make a folder in ${folder}`);
  }
}

/** Without root its files may belong to ids that exist in the sandbox's namespace alone. */
async function removeChanges(sandbox: Sandbox, folder: string): Promise<void> {
  const [program, ...flags] = sandbox.namespace;
  if (program === undefined) await rm(folder, { recursive: true, force: true });
  else await promisify(execFile)(program, [...flags, 'rm', '-rf', folder]);
}
