import { aborted } from '../base/deadline.ts';
import { isTareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Project } from '../formats/compose/types.ts';
import type { Image } from '../oci/types.ts';
import { openSocketFolder } from '../sandbox/index.ts';
import type { Store } from '../store/types.ts';
import { requireSandbox } from '../verify/with-sandbox.ts';
import { serveControl, type ControlHandlers, type StatusAnswer } from './control.ts';
import { identitiesOf, type Identities } from './identity.ts';
import { lineSorter, openLog, type LogLine } from './log-file.ts';
import type { ReplicaStatus } from './run/life.ts';
import { startSystem, type RunningSystem } from './run/system.ts';
import { claimSystem, volumesFolder, type SystemFolder } from './state.ts';

export interface UpOptions {
  readonly project: Project;
  /** By service. */
  readonly images: ReadonlyMap<string, Image>;
  /** Everything is stopped when a service does not come up, and that is an error; else only when others wait for it in vain. */
  readonly strict: boolean;
  /** Nobody sees it print: its log stays when it ends without having been asked to. */
  readonly keepsLog: boolean;
  readonly onLine: (line: LogLine) => void;
  readonly onStatus: (status: ReplicaStatus) => void;
  /** Told once, when all services are ready. */
  readonly onReady: (status: StatusAnswer) => void;
}

export interface UpTools {
  readonly store: Store;
  /** Its signal stops the system. */
  readonly ctx: Context;
  readonly env: NodeJS.ProcessEnv;
}

export interface UpResult {
  /** How each container ended last. */
  readonly replicas: readonly ReplicaStatus[];
  /** It was asked to stop; else all its containers have ended by themselves. */
  readonly stopped: boolean;
}

/**
 * Runs a project until its containers have ended, its context's signal aborts, or `tare down` says so; then nothing is left but its volumes.
 * @throws TareError E_SYSTEM_STATE when it runs already; E_SYSTEM when it does not come up; E_PORT_IN_USE, E_SANDBOX, …
 */
export async function up(options: UpOptions, tools: UpTools): Promise<UpResult> {
  const { project } = options;
  const sandbox = await requireSandbox();
  const sockets = await openSocketFolder(tools.env);
  const desk = frontDesk(project.name, identitiesOf(project, options.images));
  try {
    const { dir, files, name } = project;
    const socket = sockets.path('control');
    // From the first trace of it to the last there is somebody to ask.
    const control = await serveControl(socket, desk.handlers);
    try {
      const claim = await claimSystem(tools.store.home, { name, dir, files, socket }, sandbox);
      let isAsked = false;
      try {
        const result = await run({ options, tools, sandbox, desk, folder: claim.folder });
        isAsked = result.stopped;
        return result;
      } finally {
        await claim.release(options.keepsLog && !isAsked && !tools.ctx.signal.aborted);
      }
    } finally {
      desk.tellGone();
      await control.close();
    }
  } finally {
    await sockets.remove();
  }
}

interface FrontDesk {
  readonly handlers: ControlHandlers;
  /** Resolves when somebody asks to stop, with the time that the services have for it. */
  readonly asked: Promise<{ readonly graceMs: number | undefined }>;
  status(): StatusAnswer;
  show(system: RunningSystem): void;
  /** Answers those that wait until it is as far as it comes. */
  tellReady(): void;
  /** Answers those that asked to stop. */
  tellGone(): void;
}

/** What others are told of a system, also before there is one. */
function frontDesk(name: string, services: Identities): FrontDesk {
  let stop: (how: { readonly graceMs: number | undefined }) => void = () => undefined;
  const asked = new Promise<{ readonly graceMs: number | undefined }>((resolve) => (stop = resolve));
  let tellGone: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (tellGone = resolve));
  let tellReady: () => void = () => undefined;
  const ready = new Promise<'ready'>((resolve) => (tellReady = () => resolve('ready')));
  let system: RunningSystem | undefined;
  const status = (): StatusAnswer => ({ replicas: system?.status() ?? [], ports: system?.publisher.ports ?? [] });
  return {
    asked,
    status,
    tellReady,
    tellGone,
    show: (running) => (system = running),
    handlers: {
      status: async () => status(),
      identity: async () => ({ services }),
      async ready() {
        if ((await Promise.race([ready, gone])) === 'ready') return status();
        throw new Error(`${name} has ended before it was ready`);
      },
      async stop({ graceMs }) {
        stop({ graceMs });
        await gone;
        return { stopped: true };
      },
      enter: async ({ number, service }) => ({ entry: system?.running(service, number)?.entry() ?? null }),
    },
  };
}

interface Work {
  readonly options: UpOptions;
  readonly tools: UpTools;
  readonly sandbox: Awaited<ReturnType<typeof requireSandbox>>;
  readonly desk: FrontDesk;
  readonly folder: SystemFolder;
}

async function run({ desk, folder, options, sandbox, tools }: Work): Promise<UpResult> {
  const { images, onReady, onStatus, project, strict } = options;
  const { ctx, store } = tools;
  const log = openLog(folder.log);
  const lines = lineSorter((line) => {
    log.write(line);
    options.onLine(line);
  });
  try {
    const system = await startSystem({
      project,
      images,
      sandbox,
      store,
      folders: { volumes: volumesFolder(store.home), scratch: folder.scratch },
      onOutput: ({ name, service }, chunk) => lines.add({ name, service: service.name }, chunk),
      onStatus(now) {
        if (now.state === 'exited' || now.state === 'restarting') lines.flush(now.name);
        onStatus(now);
      },
      ctx,
    });
    desk.show(system);
    let stopped: { readonly graceMs: number | undefined } | undefined;
    try {
      const ended = Promise.race([
        system.over,
        Promise.race([desk.asked, aborted(ctx.signal)]).then((how) => {
          stopped = how ?? { graceMs: undefined };
        }),
      ]);
      const ready = comesUp(system, strict, ctx).then((all) => {
        if (all) onReady(desk.status());
        desk.tellReady();
      });
      await Promise.race([ended, ready]);
      await ended;
      // Tasks that are done are as far as they can be.
      if (stopped === undefined) await ready;
    } finally {
      await system.stop(stopped?.graceMs);
    }
    return { replicas: system.status(), stopped: stopped !== undefined };
  } finally {
    log.close();
  }
}

/** False: something does not come up, and the rest goes on. */
async function comesUp(system: RunningSystem, strict: boolean, ctx: Context): Promise<boolean> {
  await system.begun();
  try {
    await system.ready();
    return true;
  } catch (error) {
    if (strict || !isTareError(error, 'E_SYSTEM')) throw error;
    ctx.onEvent({ kind: 'warning', warning: { code: 'service-down', message: error.message } });
    return false;
  }
}
