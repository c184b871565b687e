import type { TreePath } from '../../base/path.ts';

/** A file or folder of the warehouse that is offered at another place: a home folder's name is nobody's business. */
export interface Move {
  readonly from: TreePath;
  readonly to: TreePath;
}

/** An interpreter or virtual machine that the warehouse offers. Paths are those of the image. */
export interface Runtime {
  readonly program: TreePath;
  /** Folders of its own library. */
  readonly homes: readonly TreePath[];
  readonly env: Readonly<Record<string, string>>;
  readonly moves: readonly Move[];
}

export interface PythonRuntime extends Runtime {
  /** "3.11". */
  readonly version: string;
  /** The environment beside the application, when there is one. */
  readonly venv?: TreePath;
  /** Where its packages are installed. */
  readonly packages: readonly TreePath[];
}

/** What there is, as far as the application's folder may ask for it. */
export interface Runtimes {
  readonly python?: PythonRuntime;
  readonly dotnet?: Runtime;
  readonly java?: Runtime;
}
