import { aborted, withDeadline } from '../../base/deadline.ts';
import type { Healthcheck } from '../../formats/compose/types.ts';
import type { Image } from '../../oci/types.ts';
import type { Running } from '../../sandbox/types.ts';

/** How a container is asked whether it is well. Times in milliseconds. */
export interface HealthPlan {
  readonly argv: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  /** Between two questions within the start period; undefined: sooner at first, then later and later. */
  readonly startIntervalMs?: number;
}

export type Health = 'starting' | 'healthy' | 'unhealthy';

/** As Docker has them (Dockerfile reference, HEALTHCHECK). */
const DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, retries: 3, startPeriodMs: 0 };
/** A container that is starting is asked sooner at first: to be ready is what others wait for. In milliseconds. */
const FIRST_ASK_MS = 100;
const NANOSECONDS = 1_000_000;
const MAX_SAID = 500;
/** Of crun and runc; a shell that lacks a program says it in other words. */
const NO_SHELL = /executable file [`"]\/bin\/sh[`"] not found|stat \/bin\/sh: no such file/;

/** What the service says of it, over what the image says (image-spec and Docker's `Healthcheck`; times in nanoseconds there). */
export function healthPlan(given: Healthcheck | undefined, image: Image): HealthPlan | undefined {
  if (given?.disabled === true) return undefined;
  const own = image.config.config?.Healthcheck;
  const argv = given?.argv ?? argvOf(own?.Test);
  if (argv === undefined || argv.length === 0) return undefined;
  const ms = (nanoseconds: number | undefined): number | undefined =>
    nanoseconds === undefined || nanoseconds === 0 ? undefined : nanoseconds / NANOSECONDS;
  const startIntervalMs = given?.startIntervalMs ?? ms(own?.StartInterval);
  return {
    argv,
    intervalMs: given?.intervalMs ?? ms(own?.Interval) ?? DEFAULTS.intervalMs,
    timeoutMs: given?.timeoutMs ?? ms(own?.Timeout) ?? DEFAULTS.timeoutMs,
    retries: given?.retries ?? own?.Retries ?? DEFAULTS.retries,
    startPeriodMs: given?.startPeriodMs ?? ms(own?.StartPeriod) ?? DEFAULTS.startPeriodMs,
    ...(startIntervalMs === undefined ? {} : { startIntervalMs }),
  };
}

function argvOf(test: readonly string[] | undefined): readonly string[] | undefined {
  const [kind, ...words] = test ?? [];
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? ['/bin/sh', '-c', words.join(' ')] : undefined;
}

export interface HealthWatch {
  readonly plan: HealthPlan;
  readonly running: Running;
  readonly signal: AbortSignal;
  /** Told at every change, with the last words of a check that failed. */
  readonly onChange: (health: Health, said: string) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * Asks until the signal says to stop. While a container starts it is asked oftener than every `interval`, within its start period every `start_interval`
 * if there is one; but failures count as if it was not: neither those within the start period nor more than one in an interval.
 */
export async function watchHealth({ onChange, plan, running, signal, sleep }: HealthWatch): Promise<void> {
  const began = performance.now();
  let health: Health = 'starting';
  let failures = 0;
  let counted = began;
  let pause = Math.min(FIRST_ASK_MS, plan.intervalMs);
  const ask = asker(running, plan, signal);
  const become = (next: Health, said: string): void => {
    if (next !== health) onChange((health = next), said);
  };
  while (!signal.aborted) {
    const isEarly = health === 'starting' && performance.now() - began < plan.startPeriodMs;
    if (isEarly && plan.startIntervalMs !== undefined) await sleep(plan.startIntervalMs);
    else {
      await sleep(health === 'starting' ? pause : plan.intervalMs);
      pause = Math.min(pause * 2, plan.intervalMs);
    }
    if (signal.aborted) return;
    const { ok, said } = await ask();
    if (signal.aborted) return;
    if (ok) {
      failures = 0;
      become('healthy', '');
      continue;
    }
    const now = performance.now();
    const isStarting = health === 'starting';
    if (isStarting && now - began < plan.startPeriodMs) continue;
    if (isStarting && now - counted < plan.intervalMs) continue;
    counted = now;
    failures += 1;
    if (failures >= plan.retries) become('unhealthy', said);
  }
}

interface Answer {
  readonly ok: boolean;
  readonly said: string;
}

/** A check that takes too long is killed. Until it is gone (the kernel may hold it), nobody starts another beside it. */
function asker(running: Running, { argv, timeoutMs }: HealthPlan, signal: AbortSignal): () => Promise<Answer> {
  let pending: ReturnType<Running['exec']> | undefined;
  return () =>
    withDeadline(signal, timeoutMs, async (limit): Promise<Answer> => {
      pending ??= running.exec(argv, limit).finally(() => (pending = undefined));
      const answer = await Promise.race([pending, aborted(limit)]);
      if (answer === undefined) return { ok: false, said: `no answer within ${timeoutMs / 1000} s` };
      const said = `${answer.stdout}${answer.stderr}`.trim().slice(-MAX_SAID);
      if (answer.exit.code === 0) return { ok: true, said };
      if (NO_SHELL.test(said)) return { ok: false, said: 'its test needs /bin/sh, which the image does not have' };
      return { ok: false, said: said === '' ? `exit code ${answer.exit.code}` : said };
    });
}
