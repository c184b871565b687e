import { parse, type Command, type Word } from 'unbash';
import { isNode, parseNodeArgs } from './flags.ts';

/** What a script of package.json runs, when it is one plain command. */
export type StartCommand = { readonly env: Readonly<Record<string, string>> } & (
  | {
      readonly kind: 'node';
      readonly flags: readonly string[];
      readonly script: string;
      readonly rest: readonly string[];
    }
  | { readonly kind: 'script'; readonly name: string }
  /** A command of node_modules/.bin. */
  | { readonly kind: 'bin'; readonly name: string; readonly rest: readonly string[] }
);

/** Longest script that is looked at, in characters. */
const MAX_SCRIPT_LENGTH = 16 * 1024;
/** Runners that compile or watch: what they start is not what a container should. */
const WORKSHOP_TOOLS =
  /^(?:nodemon|ts-node|ts-node-dev|tsx|tsc|babel-node|swc-node|esno|vite-node|concurrently|npm-run-all|run-s|run-p)$/;
const SHELL_WORDS = /^(?:cd|sh|bash|source|\.|eval|if|for|while|test|\[|echo|export|set|wait|sleep|sudo|docker)$/;

/** Takes a script apart, or says in a few words why it is no plain command. */
export function startCommand(script: string): StartCommand | string {
  if (script.length > MAX_SCRIPT_LENGTH) return 'it is too long';
  const command = onlyCommand(script);
  if (typeof command === 'string') return command;
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const item of command.prefix) {
    const value = item.type === 'Assignment' && (item.value === undefined ? '' : literalOf(item.value));
    if (item.type !== 'Assignment' || typeof value !== 'string' || item.append === true) return 'it needs a shell';
    env[item.name] = value;
  }
  const words: string[] = [];
  for (const item of [...(command.name === undefined ? [] : [command.name]), ...command.suffix]) {
    const value =
      item.type === 'Word' ? literalOf(item) : item.type === 'Assignment' ? literalText(item.text) : undefined;
    if (value === undefined) return 'it needs a shell';
    words.push(value);
  }
  return commandOf(words, env);
}

function commandOf(given: readonly string[], env: Record<string, string>): StartCommand | string {
  let words = given;
  for (;;) {
    if (words[0] === 'exec') words = words.slice(1);
    else if (words[0] === 'cross-env' || words[0] === 'env' || words[0] === 'cross-env-shell') {
      words = words.slice(1);
      for (let match = assignment(words[0]); match !== undefined; match = assignment(words[0])) {
        env[match.name] = match.value;
        words = words.slice(1);
      }
    } else if (words[0] === 'npx' && words[1] !== undefined && !words[1].startsWith('-')) words = words.slice(1);
    else break;
  }
  const [program, ...rest] = words;
  if (program === undefined) return 'it runs nothing';
  if (isNode(program)) {
    const { flags, script, rest: args } = parseNodeArgs(rest);
    return script === undefined ? 'it gives node no file' : { kind: 'node', flags, script, rest: args, env };
  }
  const name = runName(program, rest);
  if (name !== undefined) return { kind: 'script', name, env };
  if (WORKSHOP_TOOLS.test(program)) return `${program} is a tool of the workshop`;
  if (SHELL_WORDS.test(program) || !/^[@\w][\w.-]*$/.test(program)) return `it runs ${program}`;
  return { kind: 'bin', name: program, rest, env };
}

/** `npm run x`, `npm start`, `yarn x`, `pnpm run x`, `node --run x`: the script's name. */
function runName(program: string, words: readonly string[]): string | undefined {
  if (!/^(?:npm|pnpm|yarn|bun)$/.test(program)) return undefined;
  const plain = words.filter((word) => !word.startsWith('-'));
  if (plain.length !== words.filter((word) => word !== '-s' && word !== '--silent').length) return undefined;
  const [first, second, third] = plain;
  if (first === 'run' || first === 'run-script') return third === undefined ? second : undefined;
  if (second !== undefined) return undefined;
  return first === 'start' || program === 'yarn' || program === 'pnpm' ? first : undefined;
}

function assignment(word: string | undefined): { readonly name: string; readonly value: string } | undefined {
  const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(word ?? '');
  return match === null ? undefined : { name: match[1] as string, value: match[2] as string };
}

function onlyCommand(script: string): Command | string {
  const parsed = parse(script);
  const [statement] = parsed.commands;
  if ((parsed.errors?.length ?? 0) > 0) return 'it is not valid shell';
  if (statement === undefined) return 'it is empty';
  if (parsed.commands.length > 1 || statement.background === true) return 'it runs several commands';
  const { command } = statement;
  if (command.type === 'Command') return command.redirects.length === 0 ? command : 'it redirects its output';
  return command.type === 'AndOr' ? 'it runs several commands' : 'it needs a shell';
}

/** The word's value when the shell would change nothing but quotes. */
function literalOf(word: Word | { readonly type: 'ArrayValue' }): string | undefined {
  if (word.type !== 'Word') return undefined;
  return isPlain(word) ? word.value : undefined;
}

function isPlain(word: Word): boolean {
  if (word.text.startsWith('~')) return false;
  return (word.parts ?? []).every((part) => {
    if (part.type === 'DoubleQuoted') return part.parts.every((inner) => inner.type === 'Literal');
    return part.type === 'Literal' || part.type === 'SingleQuoted';
  });
}

/** `cross-env A=b`: behind the program's name an assignment is a word like any other. */
function literalText(text: string): string | undefined {
  return /[$`"'\\*?]/.test(text) ? undefined : text;
}
