import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createContext } from '../../src/base/context.ts';
import type { Digest } from '../../src/base/digest.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import type { LayerDiff } from '../../src/solve/local/layer-diff.ts';
import { openSnapshots, type Snapshots } from '../../src/solve/local/snapshots.ts';
import { runStep, type StepOptions, type StepResult } from '../../src/solve/local/step.ts';
import type { ExecVertex, Vertex } from '../../src/solve/types.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/types.ts';
import { sandboxIn } from './sandboxes.ts';
import { tempDir } from './temp.ts';

export interface Steps {
  readonly home: string;
  readonly runDir: string;
  readonly store: Store;
  readonly sandbox: Sandbox;
  readonly snapshots: Snapshots;
  readonly signal: AbortSignal;
  run(argv: readonly string[], options?: RunOptions): Promise<StepResult & { readonly output: string }>;
  /** A script of the shell that must end well. */
  sh(script: string, options?: RunOptions): Promise<StepResult & { readonly output: string }>;
  diff(step: StepResult, epoch?: number): Promise<LayerDiff & { readonly tar: string }>;
  /** The step's changes as a snapshot under a name of its own. */
  keep(step: StepResult): Promise<string>;
}

export interface RunOptions extends Partial<Omit<StepOptions, 'vertex'>> {
  readonly vertex?: Partial<ExecVertex>;
}

export const SCRATCH: Vertex = { op: 'scratch' };

/** Steps in a home of their own, over `root` when nothing else is said. */
export async function openSteps(root: string, options: { readonly runtime?: 'crun' | 'runc' } = {}): Promise<Steps> {
  const { sandbox, dir: runDir } = await sandboxIn(options);
  const home = join(tempDir(), 'home');
  const store = await openStore({ home });
  const { signal, ...ctx } = createContext();
  const snapshots = await openSnapshots({ store, sandbox, ctx: { ...ctx, signal } });
  onTestFinished(() => snapshots.close());
  let serial = 0;
  const run: Steps['run'] = async (argv, { vertex, ...more } = {}) => {
    let output = '';
    const result = await runStep({
      vertex: { ...plainVertex, argv, ...vertex },
      sandbox,
      snapshots,
      lowers: [root],
      lowersOf: () => [root],
      secrets: new Map(),
      ssh: new Map(),
      caches: join(home, 'tare/solve/caches', sandbox.ids),
      network: 'none',
      processEnv: { ...process.env, XDG_RUNTIME_DIR: runDir },
      signal,
      onOutput: ({ bytes }) => (output += Buffer.from(bytes).toString('utf8')),
      ...more,
    });
    return { ...result, output };
  };
  return {
    home,
    runDir,
    store,
    sandbox,
    snapshots,
    signal,
    run,
    sh: async (script, more) => {
      const result = await run(['/bin/sh', '-ec', script], more);
      if (result.exit.code !== 0) throw new Error(`${script} ended with ${result.exit.code}: ${result.output}`);
      return result;
    },
    diff: async ({ changes, lowers }, epoch) => {
      const tar = join(changes, `${serial++}.tar`);
      const given = { upper: join(changes, 'upper'), lowers, target: tar, ...(epoch === undefined ? {} : { epoch }) };
      return { ...(await snapshots.work.run('diff', given, signal)), tar };
    },
    keep: ({ changes }) => snapshots.adopt(changes, idOf(`kept ${serial++}`), 1),
  };
}

export const idOf = (text: string): Digest =>
  `sha256:${Buffer.from(text).toString('hex').padStart(64, '0').slice(-64)}`;

const plainVertex: Omit<ExecVertex, 'argv'> = {
  op: 'exec',
  name: 'test',
  root: SCRATCH,
  env: ['PATH=/bin'],
  cwd: '/',
  user: '',
  mounts: [],
  network: 'default',
  insecure: false,
  hosts: [],
  silentEnv: [],
};
