import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runScript, startScript, type ScriptOptions } from './script-process.ts';

export interface StepScriptOptions extends ScriptOptions {
  /** The root file system of the steps. */
  readonly root: string;
}

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const from = (file: string): string => JSON.stringify(pathToFileURL(join(dist, file)).href);

/**
 * A process of its own with a home below `dir`, and these at hand: `sandbox`, `snapshots`, `store`, `signal`, `run(argv, {lowers, vertex})`, which runs a step,
 * `sh(script, …)`, which must end well, and `diff(step)`.
 */
function bodyOf(body: string, { dir, root }: StepScriptOptions): string {
  return `
import { openSnapshots } from ${from('solve/local/snapshots.js')};
import { runStep } from ${from('solve/local/step.js')};
import { openStore } from ${from('store/index.js')};
import { createContext } from ${from('base/context.js')};
const home = ${JSON.stringify(join(dir, 'home'))};
const root = ${JSON.stringify(root)};
const sandbox = await findSandbox();
const store = await openStore({ home });
const ctx = createContext();
const { signal } = ctx;
const snapshots = await openSnapshots({ store, sandbox, ctx });
const run = async (argv, { lowers = [root], vertex = {}, ...more } = {}) => {
  let output = '';
  const result = await runStep({ sandbox, snapshots, lowers, lowersOf: () => lowers, secrets: new Map(), ssh: new Map(), signal,
    caches: home + '/tare/solve/caches', network: 'none', processEnv: process.env,
    vertex: { op: 'exec', name: 'x', root: { op: 'scratch' }, env: ['PATH=/bin'], cwd: '/', user: '', mounts: [], network: 'default', insecure: false, hosts: [], silentEnv: [], argv, ...vertex },
    onOutput: ({ bytes }) => { output += Buffer.from(bytes); process.stdout.write(bytes); }, ...more });
  return { ...result, output };
};
const sh = async (script, more) => {
  const result = await run(['/bin/sh', '-ec', script], more);
  if (result.exit.code !== 0) throw new Error(script + ' ended with ' + result.exit.code);
  return result;
};
const diff = ({ changes, lowers }) => snapshots.work.run('diff', { upper: changes + '/upper', lowers, target: changes + '/layer.tar' }, signal);
try {
${body}
} finally {
  await snapshots.close();
}
`;
}

export function startStepScript(body: string, options: StepScriptOptions): ChildProcess {
  return startScript(bodyOf(body, options), options);
}

export function runStepScript(body: string, options: StepScriptOptions): ReturnType<typeof runScript> {
  return runScript(bodyOf(body, options), options);
}
