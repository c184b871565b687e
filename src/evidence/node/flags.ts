import { nameOf, pathOfText } from '../../base/path.ts';

/** A node command line taken apart. */
export interface NodeCommand {
  /** Everything between `node` and the script, as it stands. */
  readonly flags: readonly string[];
  /** The script as written; undefined when there is none (`node -e …`, the prompt, `--test`). */
  readonly script?: string;
  readonly rest: readonly string[];
  /** Modules that run first, in order: `--require`, `--import`, `--loader`. */
  readonly preloads: readonly {
    readonly flag: string;
    readonly specifier: string;
    readonly mode: 'require' | 'import';
  }[];
  readonly envFiles: readonly { readonly flag: string; readonly file: string }[];
  /** `--conditions`. */
  readonly conditions: readonly string[];
}

/** Flags whose value is the next word when it is not behind '=' (node --help; V8's own flags want the '='). */
const WITH_VALUE: ReadonlySet<string> = new Set(
  `-r --require --import -C --conditions --loader --experimental-loader -e --eval -p --print -pe --env-file --env-file-if-exists
  --title --icu-data-dir --input-type --openssl-config --redirect-warnings --diagnostic-dir --disable-warning --dns-result-order
  --max-http-header-size --unhandled-rejections --tls-cipher-list --tls-keylog --trace-event-categories --inspect-port
  --watch-path --test-name-pattern --test-reporter --test-reporter-destination --test-concurrency --stack-trace-limit
  --experimental-default-type --experimental-config-file --heapsnapshot-signal --run`.split(/\s+/),
);

/** Flags that say what to run, so that no script follows. */
const WITHOUT_SCRIPT = /^(?:-e|--eval|-p|--print|-pe|--test|--run|-i|--interactive|-v|--version|-h|--help|-c|--check)$/;

const MODES: Readonly<Record<string, 'require' | 'import'>> = {
  '-r': 'require',
  '--require': 'require',
  '--import': 'import',
  '--loader': 'import',
  '--experimental-loader': 'import',
};

/** Whether the program of a command line is node. */
export function isNode(program: string | undefined): boolean {
  if (program === undefined || program === '' || program.includes('\0')) return false;
  return /^node(?:js)?$/.test(program) || /^node(?:js)?$/.test(nameOf(pathOfText(program)));
}

/** Reads the words behind `node`. */
export function parseNodeArgs(words: readonly string[]): NodeCommand {
  const preloads: { flag: string; specifier: string; mode: 'require' | 'import' }[] = [];
  const envFiles: { flag: string; file: string }[] = [];
  const conditions: string[] = [];
  let hasScript = true;
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === '--') {
      at += 1;
      break;
    }
    if (!word.startsWith('-') || word === '-') break;
    const cut = word.startsWith('--') ? word.indexOf('=') : -1;
    const flag = cut === -1 ? word : word.slice(0, cut);
    if (WITHOUT_SCRIPT.test(flag)) hasScript = false;
    if (!WITH_VALUE.has(flag)) continue;
    if (cut === -1) at += 1;
    const value = cut === -1 ? words[at] : word.slice(cut + 1);
    if (value === undefined) break;
    const mode = MODES[flag];
    if (mode !== undefined) preloads.push({ flag, specifier: value, mode });
    if (flag === '--env-file' || flag === '--env-file-if-exists') envFiles.push({ flag, file: value });
    if (flag === '-C' || flag === '--conditions') conditions.push(value);
  }
  const script = hasScript ? words[at] : undefined;
  const behindDashes = words[at - 1] === '--';
  return {
    flags: words.slice(0, Math.min(behindDashes ? at - 1 : at, words.length)),
    ...(script === undefined || script === '-' ? {} : { script }),
    rest: words.slice(at + 1),
    preloads,
    envFiles,
    conditions,
  };
}

/** NODE_OPTIONS is split at blanks; double quotes group, a backslash inside them escapes (node's ParseNodeOptionsEnvVar). */
export function splitNodeOptions(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    let char = text[at] as string;
    if (char === '\\' && quoted) {
      at += 1;
      char = text[at] ?? '';
    } else if (char === ' ' && !quoted) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    } else if (char === '"') {
      quoted = !quoted;
      word ??= '';
      continue;
    }
    word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}
