/** Stands for text that is only known at run time; `HERE` for the folder of the scanned file, `NAME` and `PACKAGE` for its `__name__` and `__package__`. */
export const WILD = '\0';
export const HERE = '\u0001';
export const NAME = '\u0002';
export const PACKAGE = '\u0003';
/** The first part of `__name__`. */
export const TOP = '\u0004';

/** `import module`, or `from module import names`. */
export interface Import {
  /** Dotted; empty in `from . import x`. */
  readonly module: string;
  /** Leading dots. */
  readonly level: number;
  /** Of `from`; `*` is one of them when all are imported. */
  readonly names?: readonly string[];
  readonly line: number;
  /** Inside a function: when, and whether, it happens is not known. */
  readonly lazy?: true;
  /** The innermost function's name, when lazy. */
  readonly within?: string;
  /** Inside `try` or a condition: nothing is amiss when it is not there. */
  readonly guarded?: true;
  /** Inside `if __name__ == '__main__'`. */
  readonly main?: true;
  /** Directly tried: the number of the `try` statement. */
  readonly attempt?: number;
  /** What that statement does when the import fails. */
  readonly fallback?: number;
}

/** A module that is loaded by a computed name: alternatives, with the marks above for what is not known. */
export interface Load {
  readonly names: readonly string[];
  /** How the source says it, for people: `import_module()`. */
  readonly by: string;
  readonly line: number;
}

/** A call that rules ask about, by its full name as far as imports tell it: `ctypes.CDLL`. */
export interface Call {
  readonly name: string;
  /** Values that each positional argument may have. */
  readonly args: readonly (readonly string[])[];
  readonly keywords: Readonly<Record<string, readonly string[]>>;
  readonly line: number;
}

/** Files and folders that the source names from its own place; they begin with HERE. */
export interface FileName {
  readonly paths: readonly string[];
  readonly line: number;
}

/** What one source asks for, whatever its name and place are. */
export interface Scan {
  readonly imports: readonly Import[];
  readonly loads: readonly Load[];
  readonly calls: readonly Call[];
  readonly files: readonly FileName[];
  /** Constants that look like the dotted name of a module, or of something in one, with the line of the first. */
  readonly dotted: readonly (readonly [name: string, line: number])[];
  /** Constants that look like the name or the extension of a file. */
  readonly fileNames: readonly string[];
  /** Constants that look like absolute paths of files, with the line of the first. */
  readonly absolute: readonly (readonly [path: string, line: number])[];
  /** Texts among the constants that a module-level name is bound to. */
  readonly constants: Readonly<Record<string, readonly string[]>>;
  /** It has a way to open files beside itself: `__file__`, `importlib.resources`, `pkgutil.get_data`, `__path__`. */
  readonly opens: boolean;
  /** It lists modules beside itself (`pkgutil.iter_modules(__path__)`). */
  readonly lists: boolean;
  /** It has a module-level `__getattr__` (PEP 562). */
  readonly getattr: boolean;
  /** Names of things that their package loads only when somebody asks for them. */
  readonly words: readonly string[];
  /** 1-based line of the first place that is no Python. */
  readonly problem?: number;
}
