import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, TareError } from '../base/error.ts';
import { removeBundle, writeInitMarker, type Bundle } from './bundle.ts';
import { execIn, NOT_STARTED } from './exec.ts';
import type { Host } from './host.ts';
import { MOUNT_FAILED, type ObserveOptions, STOP } from './launch.ts';
import { collectOutput } from './output.ts';
import { closeAll, type Listener } from './ports.ts';
import { memoryBytesOf, processorMsOf } from './processor-time.ts';
import { exists, fateOf, sendSignal, statOf } from './processes.ts';
import { startRelay, type Relay } from './relay-client.ts';
import type { RuntimeProcess } from './runtime-config.ts';
import { exitOf, signalNumber } from './signals.ts';
import { startFailure } from './start-failure.ts';
import { resizeTerminal } from './terminal.ts';
import type { Tracer } from './trace/watcher-client.ts';
import type { Exit, Running, RunSpec } from './types.ts';

const SIGKILL = 9;
/** Between two looks at whether the container has come to life, in milliseconds. */
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 50;
/** How long a process may have no namespaces any more and not have ended. */
const ENDING_MS = 500;
/** What is kept of the runtime's own complaints, in characters. */
const MAX_EARLY = 4096;
/** What becomes of a process in a container that ends: it is killed. */
const GONE = { exit: { code: 137, signal: 'SIGKILL' }, stdout: '', stderr: 'the container has ended' };

export interface ContainerParts {
  readonly host: Host;
  readonly bundle: Bundle;
  readonly child: ChildProcess;
  readonly spec: RunSpec;
  readonly listeners: readonly Listener[];
  readonly stopSignal: number;
  readonly process: RuntimeProcess;
  readonly tracer?: Tracer | undefined;
  readonly observe?: ObserveOptions | undefined;
}

export interface Container {
  readonly running: Running;
  started(signal: AbortSignal | undefined): Promise<void>;
}

/** Takes a launched container over until it is gone. Its folder goes with it. */
export function openContainer(parts: ContainerParts): Container {
  const { bundle, child, host } = parts;
  const wrapperPid = child.pid;
  let relay: Relay | undefined;
  let serial = 0;
  let pid: number | undefined;
  let ended = false;
  let stderr = '';
  const output = collectOutput({ stdout: child.stdout, stderr: child.stderr });
  // The runtime's own complaints come over the same stream, before the program has said anything.
  const onEarly = (chunk: Buffer): void => {
    stderr = (stderr + chunk.toString('utf8')).slice(0, MAX_EARLY);
  };
  child.stderr?.on('data', onEarly);
  // Closing it is what kills the container when tare ends; an error here only says that the wrapper was faster.
  const lifeline = child.stdio[3];
  lifeline?.on('error', () => undefined);
  const exited = exitCodeOf(child).then((code) => {
    ended = true;
    return code;
  });
  const finished = exited.then(async (code): Promise<Exit> => {
    lifeline?.destroy();
    await relay?.close();
    closeAll(parts.listeners);
    return exitOf(code);
  });
  let onFailureKnown: () => void = () => undefined;
  // The folder holds the reason of a failed start: it goes when that has been read.
  const failureKnown = new Promise<void>((resolve) => {
    onFailureKnown = resolve;
  });
  const cleaned = finished.then(async (exit) => {
    await failureKnown;
    await removeBundle(bundle);
    return exit;
  });
  // Who waits gets the error; nobody has to wait.
  cleaned.catch(() => undefined);
  const theRelay = (): Relay | undefined => {
    if (relay === undefined && pid !== undefined && !ended) relay = startRelay(host, pid);
    return relay;
  };
  const killNow = (): void => {
    if (ended) return;
    // Both ways: the wrapper also kills what has no id yet.
    if (pid !== undefined) sendSignal(pid, SIGKILL);
    if (pid === undefined && lifeline instanceof Writable) lifeline.end(`${STOP}\n`);
    else lifeline?.destroy();
  };
  let stopping = false;
  // Without its observer every call of the container fails: it must not go on.
  const lost = parts.tracer?.observation.then(
    () => undefined,
    (error: unknown) => {
      killNow();
      return stopping ? undefined : error;
    },
  );
  const isGone = (): boolean => ended || pid === undefined || statOf(pid)?.zombie !== false;
  const publish = async (listener: Listener): Promise<void> => {
    try {
      await theRelay()?.publish(listener);
    } catch (error) {
      // A program that has ended already needs no ports. While it ends its namespaces go first.
      for (const deadline = performance.now() + ENDING_MS; !isGone() && performance.now() < deadline;)
        await sleep(FIRST_LOOK_MS);
      if (!isGone()) throw error;
    }
  };
  const endsWithin = async (ms: number): Promise<void> => {
    const controller = new AbortController();
    await Promise.race([exited, sleep(ms, undefined, { signal: controller.signal }).catch(ignoreAbort)]);
    controller.abort();
  };
  /** While a program starts it may block every signal, and afterwards listen or not: that is looked at again. */
  const askToEnd = async (first: number, graceMs: number): Promise<void> => {
    const { stopSignal } = parts;
    const deadline = performance.now() + graceMs;
    const left = (): number => Math.max(0, deadline - performance.now());
    const before = fateOf(first, stopSignal);
    if (before === 'lost') return;
    sendSignal(first, stopSignal);
    if (before === 'caught') return endsWithin(left());
    while (left() > 0 && exists(first)) {
      await endsWithin(LAST_LOOK_MS);
      const fate = fateOf(first, stopSignal);
      if (fate === 'caught') return endsWithin(left());
      if (fate === 'lost') return;
    }
  };
  const running: Running = {
    ports: parts.listeners.map(({ mapping }) => mapping),
    output,
    async wait() {
      const exit = await cleaned;
      const trouble = await lost;
      if (trouble !== undefined) throw trouble;
      return exit;
    },
    async connects(port) {
      try {
        return (await theRelay()?.connects(port)) ?? false;
      } catch (error) {
        // The relay ends with the container, and may do so before anybody has told us of it.
        if (isGone()) return false;
        throw error;
      }
    },
    async exec(argv, signal) {
      if (ended || wrapperPid === undefined) return GONE;
      const process = { ...parts.process, terminal: false, args: argv };
      const result = await execIn({
        host,
        bundle,
        wrapperPid,
        process,
        serial: serial++,
        observe: parts.observe,
        follow: parts.tracer?.follow,
        signal,
      });
      // A runtime refuses to enter a container that is ending, as it refuses a program that is not there.
      return result.exit.code === NOT_STARTED && isGone() ? GONE : result;
    },
    entry() {
      if (ended || wrapperPid === undefined) return undefined;
      const { id, dir } = bundle;
      return { bundle: { id, dir }, wrapperPid, rootfs: parts.spec.rootfs, process: parts.process };
    },
    async resize(size) {
      if (ended || pid === undefined || parts.spec.terminal === undefined) return;
      await resizeTerminal(host, pid, size);
    },
    async stop(graceMs) {
      stopping = true;
      if (!ended && pid !== undefined && graceMs > 0) await askToEnd(pid, graceMs);
      killNow();
      onFailureKnown();
      return cleaned;
    },
    async mark(phase) {
      await parts.tracer?.mark(phase);
    },
    progress: async () => parts.tracer?.progress(),
    processorMs: () => (pid === undefined || ended ? 0 : processorMsOf(pid)),
    memoryBytes: () => (pid === undefined || ended ? 0 : memoryBytesOf(pid)),
    async observation() {
      if (parts.tracer === undefined)
        throw new TareError('E_USAGE', 'the container was not observed', { hint: 'set `trace` when it is started' });
      return parts.tracer.observation;
    },
  };
  return {
    running,
    async started(signal) {
      // Whatever fails there, who waits gets it.
      const abort = (): void => void running.stop(0).catch(() => undefined);
      signal?.addEventListener('abort', abort, { once: true });
      void exited.then(() => signal?.removeEventListener('abort', abort));
      for (let look = FIRST_LOOK_MS; ; look = Math.min(look * 2, LAST_LOOK_MS)) {
        throwIfAborted(signal);
        pid ??= readPid(bundle);
        if (ended) break;
        // Its network is there before its program is: the relay starts meanwhile.
        if (parts.listeners.length > 0) theRelay();
        if (pid !== undefined && runsItsProgram(pid)) break;
        await Promise.race([exited, sleep(look)]);
      }
      if (ended) {
        const code = await exited;
        // An observer that ends takes the runtime with it, whose own words then tell nothing; one that never came to observe is no reason.
        const trouble = code === MOUNT_FAILED ? undefined : await lost;
        const failure = startFailure({ bundle, code, stderr, program: parts.spec.args[0] ?? '' });
        throwIfAborted(signal);
        if (trouble !== undefined) throw trouble;
        if (failure !== undefined) throw failure;
      }
      child.stderr?.off('data', onEarly);
      if (pid !== undefined) {
        // For the watchman, who then needs no file to know whom to kill.
        if (!ended && lifeline instanceof Writable) lifeline.write(`${pid}\n`);
        await writeInitMarker(bundle, pid);
      }
      for (const listener of parts.listeners) if (!ended) await publish(listener);
      onFailureKnown();
    },
  };
}

/** A process that is hidden from us (hidepid) but there is given the benefit of the doubt. */
function runsItsProgram(pid: number): boolean {
  return statOf(pid)?.executed ?? exists(pid);
}

function readPid(bundle: Bundle): number | undefined {
  try {
    const text = readFileSync(bundle.path('pid'), 'latin1').trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? -1 : 128 + signalNumber(signal))));
  });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new TareError('E_CANCELLED', 'interrupted while a container was started');
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
