import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createContext } from '../../src/base/context.ts';
import { showPath } from '../../src/base/path.ts';
import { openContext } from '../../src/solve/context/index.ts';
import { prepareFileStep, runFileStep } from '../../src/solve/local/file-step.ts';
import { openLayerFolder } from '../../src/solve/local/layers.ts';
import { EMPTY, fileSystems, type FileSystem, type Layered } from '../../src/solve/local/result.ts';
import { localFiles } from '../../src/solve/local/sources.ts';
import type { CopyAction, FileVertex, Vertex } from '../../src/solve/types.ts';
import { openStore } from '../../src/store/index.ts';
import type { Entry } from '../../src/tree/types.ts';
import { tempDir } from './temp.ts';

const FROM: Vertex = { op: 'source', name: 'context', source: { kind: 'local', context: 'context' } };

export interface FileSteps {
  readonly home: string;
  /** Copies out of a folder, or what `files` are, upon `below`. */
  add(what: string | FileSystem, action: Partial<CopyAction>, below?: Layered): Promise<Layered>;
  /** The digest of what was selected. */
  digest(what: string | FileSystem, action: Partial<CopyAction>): Promise<string>;
  files(result: Layered): Promise<FileSystem>;
  /** `PATH TYPE MODE UID:GID DETAIL`, a line each; the detail is a link, a device or the text of a file. */
  list(result: Layered): Promise<readonly string[]>;
  /** What lies in the folder of layers and is no layer. */
  leftovers(): readonly string[];
}

/** File steps without a Dockerfile. Call it inside a test. */
export async function openFileSteps(): Promise<FileSteps> {
  const home = tempDir();
  const store = await openStore({ home });
  const layers = openLayerFolder(store);
  const ctx = createContext({ concurrency: 2 });
  const filesOf = fileSystems(store, layers, ctx.signal);
  const sourceOf = async (what: string | FileSystem): Promise<FileSystem> =>
    typeof what === 'string' ? localFiles(await openContext({ dir: what, ignore: undefined, home, ctx })) : what;
  const prepared = async (
    what: string | FileSystem,
    action: Partial<CopyAction>,
  ): ReturnType<typeof prepareFileStep> => {
    const whole: CopyAction = {
      kind: 'copy',
      from: FROM,
      sources: ['/'],
      destination: '/',
      parents: false,
      exclude: [],
      unpack: false,
      ...action,
    };
    const vertex: FileVertex = { op: 'file', name: 'ADD', root: { op: 'scratch' }, actions: [whole] };
    const files = await sourceOf(what);
    return prepareFileStep(vertex, () => Promise.resolve(files));
  };
  const files = (result: Layered): Promise<FileSystem> => filesOf(result);
  return {
    home,
    files,
    add: async (what, action, below = EMPTY) => {
      const step = await prepared(what, action);
      const layer = await runFileStep(step, await filesOf(below), { store, layers, epoch: undefined, ctx });
      return { ...below, steps: [...below.steps, layer] };
    },
    digest: async (what, action) => (await prepared(what, action)).digests.join(),
    list: async (result) => {
      const { content, tree } = await filesOf(result);
      const lines: string[] = [];
      for (const entry of tree.walk()) lines.push(await lineOf(entry, content));
      return lines;
    },
    leftovers: () =>
      readdirSync(join(home, 'tare', 'solve', 'layers')).filter((name) => !/^[0-9a-f]{64}\.tar$/.test(name)),
  };
}

async function lineOf(entry: Entry, content: FileSystem['content']): Promise<string> {
  const { device, gid, link, mode, path, type, uid } = entry;
  const text = entry.content === undefined ? '' : Buffer.from(await content.read(entry)).toString('utf8');
  const detail = link ?? device?.join(':') ?? JSON.stringify(text.slice(0, 40));
  const tail = type === 'directory' || type === 'fifo' ? '' : ` ${detail}`;
  return `${showPath(path)} ${type} ${mode.toString(8)} ${uid}:${gid}${tail}`;
}
