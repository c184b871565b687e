import { textOfBytes, type ByteString } from '../../base/path.ts';

/** What the Go linker writes into a program: `runtime/debug.BuildInfo`. */
export interface GoBuildInfo {
  /** `go1.22.5`; of a tool chain between releases e.g. `devel go1.23-0123abc`. */
  readonly goVersion: string;
  /** The package path of the program; empty when it was built without modules. */
  readonly path: string;
  readonly main?: GoModuleInfo;
  /** In their order there; a module that was replaced has what replaces it in `replace`. */
  readonly dependencies: readonly GoModuleInfo[];
  readonly settings: readonly (readonly [key: string, value: string])[];
}

export interface GoModuleInfo {
  readonly path: string;
  /** `(devel)`, or empty for a folder that replaces a module. */
  readonly version: string;
  readonly replace?: GoModuleInfo;
}

const MAX_LINES = 100_000;

/** The lines of `go version -m` (runtime/debug, mod.go, `ParseBuildInfo`); what is none of them is passed over. */
export function parseModuleInfo(goVersion: ByteString, text: ByteString): GoBuildInfo {
  let path = '';
  let main: GoModuleInfo | undefined;
  const dependencies: GoModuleInfo[] = [];
  const settings: (readonly [string, string])[] = [];
  // `=>` speaks of the module before it.
  let replaceLast: ((by: GoModuleInfo) => void) | undefined;
  for (const line of textOfBytes(text).split('\n', MAX_LINES)) {
    const [word = '', ...fields] = line.split('\t');
    if (word === 'path') path = fields[0] ?? '';
    else if (word === 'mod') {
      const made = moduleOf(fields);
      main = made;
      replaceLast = (replace) => (main = { ...made, replace });
    } else if (word === 'dep') {
      const made = moduleOf(fields);
      const at = dependencies.push(made) - 1;
      replaceLast = (replace) => (dependencies[at] = { ...made, replace });
    } else if (word === '=>') replaceLast?.(moduleOf(fields));
    else if (word === 'build') settings.push(...settingOf(line.slice('build\t'.length)));
  }
  return {
    goVersion: textOfBytes(goVersion),
    path,
    ...(main === undefined ? {} : { main }),
    dependencies,
    settings,
  };
}

function moduleOf([path = '', version = '']: readonly string[]): GoModuleInfo {
  return { path, version };
}

/** `key=value`; either is quoted as in Go when it holds more than plain characters. */
function settingOf(text: string): (readonly [string, string])[] {
  const match = /^("(?:[^"\\]|\\.)*"|`[^`]*`|[^="`]+)=(.*)$/.exec(text);
  return match === null ? [] : [[unquoted(match[1] ?? ''), unquoted(match[2] ?? '')]];
}

/** Of Go's escapes (spec, "String literals") JSON knows all that stand in build settings but `\x`, `\a`, `\v` and `\'`. */
function unquoted(text: string): string {
  if (/^`[^`]*`$/.test(text)) return text.slice(1, -1);
  if (!/^"(?:[^"\\]|\\.)*"$/.test(text)) return text;
  return text
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-f]{4})|U0{0,3}([0-9a-f]{5,8})|x([0-9a-f]{2})|(.))/g, (whole, u, long, x, char) => {
      const hex = (u ?? long ?? x) as string | undefined;
      if (hex === undefined) return ESCAPES[char as string] ?? whole;
      const code = Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};
