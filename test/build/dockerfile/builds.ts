import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createContext } from '../../../src/base/context.ts';
import type { TareEvent } from '../../../src/base/events.ts';
import { textOfBytes } from '../../../src/base/path.ts';
import { buildDockerfile } from '../../../src/build/dockerfile/build.ts';
import { planDockerfile } from '../../../src/build/dockerfile/plan.ts';
import type { DockerfileOptions, DockerfilePlan, DockerfileResult } from '../../../src/build/dockerfile/types.ts';
import { openStore } from '../../../src/store/index.ts';
import type { Store } from '../../../src/store/types.ts';
import { openImage } from '../../../src/transports/index.ts';
import { treeOfImage } from '../../../src/tree/image-tree.ts';
import type { Image } from '../../../src/oci/types.ts';
import { sandboxIn } from '../../helpers/sandboxes.ts';
import { tempDir } from '../../helpers/temp.ts';
import { busyboxImage } from '../../solve/buildkit/graphs.ts';

export interface Built {
  readonly result: DockerfileResult;
  readonly image: Image;
  /** `mode owner path`, with `-> target` for links and `= text` for short files; in byte order, without what the base has. */
  readonly files: readonly string[];
  readonly events: readonly TareEvent[];
  /** What steps printed. */
  readonly output: string;
}

export interface Builds {
  readonly home: string;
  readonly dir: string;
  readonly store: Store;
  build(dockerfile: string, options?: Partial<DockerfileOptions>, onEvent?: (event: TareEvent) => void): Promise<Built>;
  /** What the same build would do. */
  plan(dockerfile: string, options?: Partial<DockerfileOptions>): Promise<DockerfilePlan>;
}

/** Files of a context: text; a link when it begins with `-> `; a folder when the name ends with a slash. */
export type ContextFiles = Readonly<Record<string, string>>;

export function writeContext(dir: string, files: ContextFiles): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (name.endsWith('/')) continue;
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), path);
    else writeFileSync(path, text);
  }
}

/** A home with the image `busybox`, and a context. @param place for both, removed by the caller; else they go when the test ends */
export async function openBuilds(files: ContextFiles = {}, place?: string): Promise<Builds> {
  const home = join(place ?? tempDir(), 'home');
  const dir = place === undefined ? tempDir() : join(place, 'context');
  mkdirSync(dir, { recursive: true });
  writeContext(dir, files);
  const store = await openStore({ home });
  const base = await busyboxImage(store);
  await store.tag('busybox:latest', base.descriptor);
  const { sandbox, dir: runDir } = await sandboxIn({});
  const optionsOf = (text: string, options: Partial<DockerfileOptions>): DockerfileOptions => ({
    dir,
    file: join(dir, 'Dockerfile'),
    text,
    environment: { XDG_RUNTIME_DIR: runDir },
    network: 'none',
    ...options,
  });
  const below = new Map([...(await treeOfImage(base, store)).tree.walk()].map((entry) => [entry.path, entry]));
  return {
    home,
    dir,
    store,
    plan: (dockerfile, options = {}) =>
      planDockerfile(optionsOf(dockerfile, options), { store, ctx: createContext(), sandbox }),
    build: async (dockerfile, options = {}, listen = () => undefined) => {
      const events: TareEvent[] = [];
      const onEvent = (event: TareEvent): void => {
        events.push(event);
        listen(event);
      };
      const ctx = createContext({ onEvent });
      const result = await buildDockerfile(optionsOf(dockerfile, options), { store, ctx, sandbox });
      const image = await openImage(result.reference, { store, ctx });
      const { content, tree } = await treeOfImage(image, store);
      const lines: string[] = [];
      for (const entry of tree.walk()) {
        const old = below.get(entry.path);
        if (old?.mode === entry.mode && old.uid === entry.uid && old.sha256 === entry.sha256 && old.type === entry.type)
          continue;
        const text =
          entry.type === 'symlink'
            ? ` -> ${entry.link ?? ''}`
            : entry.type === 'file' && entry.size < 80
              ? ` = ${Buffer.from(await content.read(entry))
                  .toString('utf8')
                  .trimEnd()}`
              : '';
        lines.push(`${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${textOfBytes(entry.path)}${text}`);
      }
      const output = events
        .flatMap((event) => (event.kind === 'vertex.log' ? Buffer.from(event.bytes).toString('utf8') : []))
        .join('');
      return { result, image, files: lines, events, output };
    },
  };
}

/** Without stage and number. */
export const instructionOf = ({ name }: { readonly name: string }): string => name.replace(/^\[[^\]]*\] /, '');

/** Names of the steps that were really run. */
export const ranSteps = ({ result }: Built): readonly string[] =>
  result.steps.filter((step) => !step.cached).map(instructionOf);
