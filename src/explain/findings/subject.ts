import type { Context } from '../../base/events.ts';
import type { Image } from '../../oci/types.ts';
import type { PackageDb } from '../../packages/types.ts';
import type { Runtime } from '../../packages/runtimes/index.ts';
import type { LayerIndex } from '../../store/types.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';

/** What every finder gets. */
export interface Subject {
  readonly image: Image;
  readonly tree: Tree;
  readonly content: ContentReader;
  /** One for each layer, base first. */
  readonly indexes: readonly LayerIndex[];
  readonly databases: readonly PackageDb[];
  readonly runtimes: readonly Runtime[];
  readonly ctx: Context;
}
