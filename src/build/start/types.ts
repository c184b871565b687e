import type { Warning } from '../../base/events.ts';
import type { TreePath } from '../../base/path.ts';
import type { Config } from '../../config/config.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import type { Runtimes } from '../runtimes/types.ts';

/** How the application is started, and what it is called. Paths are those of the image. */
export interface Start {
  /** argv; the first is an absolute path in the image. */
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The interpreter outside the application folder, if one is used: it has a layer of its own. */
  readonly runtime?: TreePath;
  /** Folders of the run time's own library, for the same layer. */
  readonly homes?: readonly TreePath[];
  /** The module or binary of the application that is started, if it was told or detected. */
  readonly module?: TreePath;
  /** Ports that are listened on because the detected command says so. Those of tare.yaml are used instead when there are any. */
  readonly expose?: readonly string[];
  readonly name?: string;
  readonly version?: string;
  /** Which fact decided, for people: "scripts.start of package.json". */
  readonly because: string;
}

export interface StartInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  /** The application folder in the image. */
  readonly app: TreePath;
  readonly config: Config;
  /** Where programs are looked up, in order. */
  readonly searchPath: readonly TreePath[];
  /** What the warehouse offers to run the application with. */
  readonly runtimes: Runtimes;
  readonly warn: (warning: Warning) => void;
}

/**
 * One way of telling how an application starts. Undefined when the folder is of another kind.
 * @throws TareError E_AMBIGUOUS_ENTRY listing the candidates, E_NO_ENTRY, E_NO_RUNTIME, E_NOT_INSTALLED, E_PATH_NOT_FOUND
 */
export type Detector = (input: StartInput) => Promise<Start | undefined>;
