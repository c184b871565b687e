/** What a command line of python says. */
export interface PythonCommand {
  readonly start:
    | { readonly kind: 'script'; readonly path: string }
    | { readonly kind: 'module'; readonly name: string }
    | { readonly kind: 'code'; readonly text: string }
    | { readonly kind: 'none' };
  /** After the script, module or code. */
  readonly args: readonly string[];
  /** `-E` or `-I`: PYTHON* variables do not count. */
  readonly ignoresEnvironment: boolean;
  /** `-S`. */
  readonly noSite: boolean;
  /** `-s` or `-I`. */
  readonly noUserSite: boolean;
  /** `-P` or `-I`: the folder of the script is not searched. */
  readonly safePath: boolean;
  /** `-O` once, `-OO` twice. */
  readonly optimize: number;
}

/** Options that take the next word, or the rest of their own. */
const VALUED = 'WX';
/** How often `-O` counts. */
const MAX_OPTIMIZE = 2;

/** Reads a command line of python, without the program itself (Python's documentation, "Command line and environment"). */
export function parsePythonArgs(argv: readonly string[]): PythonCommand {
  let flags = '';
  const done = (start: PythonCommand['start'], args: readonly string[]): PythonCommand => ({
    start,
    args,
    ignoresEnvironment: /[EI]/.test(flags),
    noSite: flags.includes('S'),
    noUserSite: /[sI]/.test(flags),
    safePath: /[PI]/.test(flags),
    optimize: Math.min(MAX_OPTIMIZE, flags.split('O').length - 1),
  });
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] as string;
    if (word === '-') return done({ kind: 'none' }, argv.slice(at + 1));
    if (word === '--check-hash-based-pycs') {
      at += 1;
      continue;
    }
    if (word === '--') return startOf(argv.slice(at + 1), done);
    if (!word.startsWith('-')) return startOf(argv.slice(at), done);
    if (word.startsWith('--')) continue;
    for (let index = 1; index < word.length; index += 1) {
      const flag = word[index] as string;
      const rest = word.slice(index + 1);
      if (flag === 'c' || flag === 'm') {
        const value = rest === '' ? argv[at + 1] : rest;
        const args = argv.slice(rest === '' ? at + 2 : at + 1);
        if (value === undefined) return done({ kind: 'none' }, []);
        return done(flag === 'c' ? { kind: 'code', text: value } : { kind: 'module', name: value }, args);
      }
      if (VALUED.includes(flag)) {
        if (rest === '') at += 1;
        break;
      }
      flags += flag;
    }
  }
  return done({ kind: 'none' }, []);
}

function startOf(
  words: readonly string[],
  done: (start: PythonCommand['start'], args: readonly string[]) => PythonCommand,
): PythonCommand {
  const [path, ...args] = words;
  return path === undefined ? done({ kind: 'none' }, []) : done({ kind: 'script', path }, args);
}

/** `python`, `python3`, `python3.12`, `/usr/bin/python3.13t`. */
export function isPython(program: string | undefined): boolean {
  return program !== undefined && /^(?:.*\/)?python(?:[23](?:\.\d+)?t?)?(?:d|dm|m)?$/.test(program);
}
