import type { Mode } from '../resolve.ts';
import type { ModuleMember, Value } from './evaluate.ts';
import type { AnyNode } from './parse.ts';

/** A module that the source asks for. */
export interface LoadRequest {
  readonly kind: 'load';
  readonly mode: Mode;
  /** Alternatives; unknown parts are WILD. */
  readonly specifiers: readonly string[];
  /** How the source says it, for people: `require()`, `import`, `new Worker()`. */
  readonly by: string;
  readonly line: number;
  /** Nothing is amiss when it is not installed: inside `try`, or only `require.resolve`d. */
  readonly optional: boolean;
  /** The file that resolution starts from, when it is another (`createRequire('/x/')`). */
  readonly base?: string;
}

/** A file or folder that the source names by an absolute path, unknown parts WILD. */
export interface FileRequest {
  readonly kind: 'file';
  readonly paths: readonly string[];
  readonly by: string;
  readonly line: number;
}

/** A name that means a file relative to the working directory (`new Worker('./x.js')`, `fs.readFile('x')`). */
export interface NameRequest {
  readonly kind: 'name';
  readonly names: readonly string[];
  readonly by: string;
  readonly line: number;
}

export type Request = LoadRequest | FileRequest | NameRequest;

/** A call of something that a rule may know: `bindings('x')`, `app.set('view engine', 'pug')`. */
export interface Call {
  /** Undefined when nobody can tell where the function comes from. */
  readonly target?: ModuleMember;
  /** The last name of the callee: `set` of `app.set`. */
  readonly name: string | undefined;
  readonly arguments: readonly AnyNode[];
  readonly value: (node: AnyNode) => Value;
  readonly line: number;
}

export interface Scan {
  readonly requests: readonly Request[];
  readonly calls: readonly Call[];
  /** Why the source could not be parsed; requests are then what a plain text search found. */
  readonly problem?: { readonly line: number; readonly problem: string };
}
