import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Digest } from '../../base/digest.ts';
import type { Mount, Networks, Sandbox } from '../../sandbox/index.ts';
import type { ExecMount, ExecVertex } from '../types.ts';
import type { LayerFolder, StepLayer } from './layers.ts';
import { maskSecrets } from './mask.ts';
import { identityOf, type Layered } from './result.ts';
import type { Snapshots } from './snapshots.ts';
import { runStep } from './step.ts';
import { createTail } from './tail.ts';

/** What processes of steps may have of this machine. */
export interface ExecSettings {
  readonly sandbox: Sandbox;
  readonly snapshots: Snapshots;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly ssh: ReadonlyMap<string, string>;
  readonly caches: string;
  readonly network: Networks | 'host' | 'none';
  readonly processEnv: NodeJS.ProcessEnv;
  /** What every step is lent besides, and no key tells of: see `StepOptions`. */
  readonly env?: readonly string[];
  readonly mounts?: readonly Mount[];
}

export interface ExecStep extends ExecSettings {
  readonly vertex: ExecVertex;
  readonly digest: Digest;
  readonly root: Layered;
  readonly lowers: readonly string[];
  readonly lowersOf: (mount: ExecMount) => readonly string[];
  readonly layers: LayerFolder;
  readonly epoch: number | undefined;
  readonly ctx: Context;
}

/**
 * Runs the process, and makes a layer of what it left.
 * @returns null when it left nothing
 * @throws TareError E_STEP when it fails: with its exit code and the end of what it said; as runStep and diffLayer
 */
export async function runExecStep(step: ExecStep): Promise<StepLayer | null> {
  const { ctx, digest, layers, root, secrets, snapshots, vertex } = step;
  const tail = createTail();
  const output = maskSecrets([...secrets.values()], (stream, bytes) => {
    tail.add(bytes);
    ctx.onEvent({ kind: 'vertex.log', digest, stream, bytes });
  });
  const { changes, exit, lowers } = await runStep({
    ...step,
    signal: ctx.signal,
    onOutput: ({ bytes, stream }) => output.write(stream, bytes),
  }).finally(() => output.end());
  try {
    if (exit.code !== 0 || exit.signal !== undefined) throw failed(vertex, exit, tail.text());
    const target = layers.temporary();
    const { epoch } = step;
    const given = { upper: join(changes, 'upper'), lowers, target, ...(epoch === undefined ? {} : { epoch }) };
    const { diffId, members, size } = await snapshots.work.run('diff', given, ctx.signal);
    if (members.length === 0) {
      await rm(target);
      await snapshots.discard(changes);
      return null;
    }
    const layer = await layers.adopt({ file: target, diffId, size, members });
    const id = identityOf({ ...root, steps: [...root.steps, layer] });
    await snapshots.adopt(changes, id, size);
    return layer;
  } catch (error) {
    await snapshots.discard(changes);
    throw error;
  }
}

function failed(
  vertex: ExecVertex,
  exit: { readonly code: number; readonly signal?: string },
  said: string,
): TareError {
  const how = exit.signal === undefined ? `exit code ${exit.code}` : `it was ended by ${exit.signal}`;
  const output = said === '' ? 'it printed nothing' : `the end of what it printed:\n${said}`;
  const hint = HINTS[exit.code];
  return new TareError('E_STEP', `${vertex.name} failed: ${how}; ${output}`, hint === undefined ? {} : { hint });
}

const HINTS: Readonly<Record<number, string>> = {
  126: 'the program is there and cannot be executed: look at its mode, and its #! line',
  127: 'the shell has not found a program: install it in a step before, or look at PATH',
  137: 'it was killed: was there memory enough?',
};
