import type { TreePath } from '../../../base/path.ts';
import type { Tree } from '../../../tree/types.ts';
import type { Certainty } from '../../types.ts';
import type { Manifest, Manifests } from '../manifest.ts';
import type { Resolver } from '../resolve.ts';
import type { AnyNode } from '../scan/parse.ts';
import type { ModuleMember } from '../scan/evaluate.ts';
import type { Call } from '../scan/types.ts';
import type { Target } from '../target.ts';

/** The file in which a call stands, and what a rule may ask. */
export interface Place {
  /** Links resolved. */
  readonly file: TreePath;
  readonly tree: Tree;
  readonly manifests: Manifests;
  readonly resolver: Resolver;
  readonly target: Target;
  /** Of the package that the file belongs to. */
  readonly manifest: Manifest | undefined;
}

/** A file that a rule found to be needed. */
export interface Wanted {
  readonly path: TreePath;
  readonly because: string;
  readonly certainty: Certainty;
}

/** What reading the source cannot tell, and knowing a package can. Each rule is a file of its own. */
export interface Rule {
  readonly name: string;
  /** `target` is where the called function comes from, `name` the last name of the callee, `first` its first argument. */
  wants(target: ModuleMember | undefined, name: string | undefined, first: AnyNode | undefined): boolean;
  find(call: Call, place: Place): Promise<readonly Wanted[]> | readonly Wanted[];
}
