import { resolve } from 'node:path';
import { lackingIn } from '../blobs.ts';
import { graphTransport } from '../graph-transport.ts';
import { checkRefName, findInLayout } from '../layout.ts';
import { realPath } from '../real-path.ts';
import { splitPathReference } from '../split-reference.ts';
import type { Transport } from '../types.ts';
import { layoutFolder } from './folder.ts';
import { folderSink, writeLayoutFolder } from './write.ts';

interface Place {
  readonly dir: string;
  readonly name: string | undefined;
  /** `oci:/absolute/dir:name` */
  readonly reference: string;
}

/** `DIR`, `DIR:NAME`, `DIR:@sha256:…` */
function placeOf(rest: string): Place {
  const { name, path } = splitPathReference('oci', rest);
  const dir = resolve(path);
  return { dir, name, reference: `oci:${dir}${name === undefined ? '' : `:${name}`}` };
}

/** An OCI image layout in a folder (image-spec image-layout.md). */
export const transport: Transport = graphTransport({
  find: (rest, { platform }) => {
    const { dir, name, reference } = placeOf(rest);
    return findInLayout(layoutFolder(dir), { reference, name, platform });
  },
  write: async (bundle, rest, tools) => {
    const { dir, name, reference } = placeOf(rest);
    checkRefName(name);
    return { reference, ...(await writeLayoutFolder(bundle, dir, name, tools)) };
  },
  lacking: async (bundle, rest, tools) => ({
    blobs: await lackingIn(folderSink(placeOf(rest).dir, tools), bundle, tools.ctx),
  }),
  identity: async (rest) => {
    const { dir, name } = placeOf(rest);
    return `oci:${await realPath(dir)}:${name ?? ''}`;
  },
});
