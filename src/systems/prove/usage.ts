import type { RunningSystem } from '../run/system.ts';

/** Between two looks at what the containers hold, in milliseconds. */
const SAMPLE_MS = 500;

export interface Usage {
  /** Of all containers of a service: bytes at the most, processors on average while they ran. */
  of(service: string): { readonly memory: number; readonly cpus: number };
  stop(): void;
}

interface Seen {
  memory: number;
  ms: number;
}

/** Looks now and then at what the containers of a system use, until it is stopped. */
export function measureUse(system: RunningSystem): Usage {
  const began = performance.now();
  let lasted = 0;
  const seen = new Map<string, Seen>();
  const look = (): void => {
    lasted = performance.now() - began;
    const now = new Map<string, Seen>();
    for (const life of system.lives) {
      const { name } = life.replica.service;
      const running = life.running();
      const sum = now.get(name) ?? { memory: 0, ms: 0 };
      now.set(name, { memory: sum.memory + (running?.memoryBytes() ?? 0), ms: sum.ms + (running?.processorMs() ?? 0) });
    }
    for (const [name, { memory, ms }] of now) {
      const before = seen.get(name) ?? { memory: 0, ms: 0 };
      seen.set(name, { memory: Math.max(memory, before.memory), ms: Math.max(ms, before.ms) });
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
      const { memory, ms } = seen.get(service) ?? { memory: 0, ms: 0 };
      return { memory, cpus: lasted === 0 ? 0 : ms / lasted };
    },
  };
}
