import { describe, expect, it } from 'vitest';
import type { Running } from '../../../src/sandbox/types.ts';
import { measureUse } from '../../../src/systems/prove/usage.ts';
import { service } from '../export/example.ts';

const used = (memory: number, ms: number): Pick<Running, 'memoryBytes' | 'processorMs'> => ({
  memoryBytes: () => memory,
  processorMs: () => ms,
});

const life = (name: string, number: number, now: () => ReturnType<typeof used> | undefined) => ({
  replica: { service: service(name), number, name: `${name}-${number}`, links: [] },
  running: now,
});

describe('what a container of a service uses', () => {
  it('is that of the largest and of the busiest of them: each asks an orchestrator for as much', () => {
    const usage = measureUse({
      lives: [
        life('web', 1, () => used(70, 1_000_000)),
        life('web', 2, () => used(90, 500_000)),
        life('db', 1, () => undefined),
      ],
    });
    usage.stop();
    expect(usage.of('web').memory).toBe(90);
    expect(usage.of('web').cpus).toBeGreaterThan(0);
    expect(usage.of('db')).toEqual({ memory: 0, cpus: 0 });
    expect(usage.of('nobody')).toEqual({ memory: 0, cpus: 0 });
  });

  it('is the most that it was at any time, also when it has ended since', async () => {
    let now: ReturnType<typeof used> | undefined = used(70, 0);
    const usage = measureUse({ lives: [life('web', 1, () => now)] });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    now = undefined;
    usage.stop();
    expect(usage.of('web')).toEqual({ memory: 70, cpus: 0 });
  });
});
