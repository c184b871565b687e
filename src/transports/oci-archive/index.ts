import { resolve } from 'node:path';
import { TareError } from '../../base/error.ts';
import { givesName } from '../blobs.ts';
import { graphTransport } from '../graph-transport.ts';
import { checkRefName, findInLayout } from '../layout.ts';
import { openArchive } from '../open-archive.ts';
import { realPath } from '../real-path.ts';
import { splitPathReference } from '../split-reference.ts';
import { layoutTar } from '../layout-tar.ts';
import type { Transport } from '../types.ts';
import { writeLayoutArchive } from './write.ts';

function placeOf(rest: string): {
  readonly file: string;
  readonly name: string | undefined;
  readonly reference: string;
} {
  const { name, path } = splitPathReference('oci-archive', rest);
  const file = resolve(path);
  return { file, name, reference: `oci-archive:${file}${name === undefined ? '' : `:${name}`}` };
}

/** A tar archive of an OCI image layout. Written as a whole: an archive that was there is replaced, with all that it held. */
export const transport: Transport = graphTransport({
  find: async (rest, tools) => {
    const { file, name, reference } = placeOf(rest);
    const tar = await openArchive(file, tools);
    return findInLayout(layoutTar(tar), { reference, name, platform: tools.platform });
  },
  write: async (bundle, rest, { ctx }) => {
    const { file, name, reference } = placeOf(rest);
    checkRefName(name);
    if (!givesName(bundle))
      throw new TareError('E_TRANSPORT', `${reference}: an archive is written as a whole, nothing can be added to it`, {
        hint: 'copy it into a folder (`tare copy --referrers ARCHIVE oci:DIR:NAME`), and do it there',
      });
    return { reference, ...(await writeLayoutArchive(bundle, file, name, ctx)) };
  },
  identity: async (rest) => `oci-archive:${await realPath(placeOf(rest).file)}`,
});
