import type { Running } from '../../sandbox/types.ts';
import type { Replica } from '../run/plan.ts';

/** Between two looks at what the containers hold, in milliseconds. */
const SAMPLE_MS = 500;

export interface Usage {
  /** Of any one container of a service: bytes at the most, processors on average of the busiest. */
  of(service: string): { readonly memory: number; readonly cpus: number };
  stop(): void;
}

/** What is asked of a replica. */
interface Measured {
  readonly replica: Pick<Replica, 'service'>;
  readonly running: () => Pick<Running, 'memoryBytes' | 'processorMs'> | undefined;
}

interface Seen {
  readonly memory: number;
  readonly ms: number;
}

const NOTHING: Seen = { memory: 0, ms: 0 };
const most = (a: Seen, b: Seen): Seen => ({ memory: Math.max(a.memory, b.memory), ms: Math.max(a.ms, b.ms) });

/** Looks now and then at what the containers of a system use, until it is stopped. */
export function measureUse({ lives }: { readonly lives: readonly Measured[] }): Usage {
  const began = performance.now();
  let lasted = 0;
  const seen = new Map<string, Seen>();
  const look = (): void => {
    lasted = performance.now() - began;
    for (const { replica, running } of lives) {
      const now = running();
      if (now === undefined) continue;
      const { name } = replica.service;
      seen.set(name, most(seen.get(name) ?? NOTHING, { memory: now.memoryBytes(), ms: now.processorMs() }));
    }
  };
  const timer = setInterval(look, SAMPLE_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      look();
    },
    of(service) {
      const { memory, ms } = seen.get(service) ?? NOTHING;
      return { memory, cpus: lasted === 0 ? 0 : ms / lasted };
    },
  };
}
