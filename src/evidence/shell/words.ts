import type { Assignment, Command, ParsedScript, Word, WordPart } from 'unbash';
import { type ByteString, bytesOfText, type TreePath } from '../../base/path.ts';
import type { Argv } from './wrappers.ts';

/** What is known of a script's variables, whatever the order in which it runs. Texts are byte strings. */
export interface Scope {
  /** Words that are assigned to a variable anywhere. */
  readonly assigned: Map<string, Word[]>;
  /** Files that a variable goes through in a loop. */
  readonly listed: ReadonlyMap<string, readonly ByteString[]>;
  readonly env: Readonly<Record<string, ByteString>>;
  /** `$0`, and `$BASH_SOURCE` of the file at hand. */
  readonly program: ByteString;
  readonly source: ByteString;
  readonly cwd: TreePath;
  /** Wildcards stand for themselves; else nothing is known of a word that has them. */
  readonly patterns?: boolean;
  /** Lists that `"$@"` may stand for. */
  readonly parameters: readonly (readonly ByteString[])[];
  /** Variables that are being worked out: of those only the environment's value is known (`PATH=/x:$PATH`). */
  readonly within?: readonly string[];
  /** Expansions that may still be tried: variables that hold each other would never end. */
  readonly budget: { left: number };
}

/** Values of one word that are followed up. */
const MAX_VALUES = 32;
/** Argument lists of one command that are followed up. */
const MAX_LISTS = 8;
/** Longest value, in bytes: the kernel's limit for one argument (MAX_ARG_STRLEN). */
const MAX_VALUE_BYTES = 128 * 1024; // 128 KiB
/** Variables within variables. */
const MAX_DEPTH = 8;
const ALL_PARAMETERS = /^"?\$(?:[@*]|\{[@*]\})"?$/;

/** The constants that a word may stand for; none when that is only known at run time. */
export function valuesOf(word: Word, scope: Scope, depth = 0): ByteString[] {
  if (word.parts === undefined) return word.text.startsWith('~') ? [] : [bytesOfText(word.value)];
  return joined(word.parts, scope, depth);
}

/** Argument lists that a command's words may stand for: several where `"$@"` may be several. */
export function argvsOf(words: readonly Word[], scope: Scope): Argv[] {
  let lists: ByteString[][][] = [[]];
  for (const word of words) {
    const tails = ALL_PARAMETERS.test(word.text)
      ? scope.parameters.map((list) => list.map((value) => [value]))
      : [splitWords(word, valuesOf(word, scope))];
    lists = lists.flatMap((list) => tails.map((tail) => [...list, ...tail])).slice(0, MAX_LISTS);
  }
  return lists;
}

/** An expansion outside quotes is split at white space. */
function splitWords(word: Word, values: ByteString[]): ByteString[][] {
  const only = word.parts?.length === 1 ? word.parts[0]?.type : undefined;
  const [first] = values;
  if ((only === 'SimpleExpansion' || only === 'ParameterExpansion') && first !== undefined && /\s/.test(first))
    return first.split(/\s+/).flatMap((value) => (value === '' ? [] : [[value]]));
  return [values];
}

/** What a variable may hold, its values in the environment first. */
export function variable(name: string, scope: Scope, depth = 0): ByteString[] {
  if (name === '0') return [scope.program];
  if (name === 'BASH_SOURCE') return [scope.source];
  if (/^[1-9]\d*$/.test(name)) return unique(scope.parameters.flatMap((list) => list[Number(name) - 1] ?? []));
  const given = Object.hasOwn(scope.env, name) ? scope.env[name] : undefined;
  const values = given === undefined ? [] : [given];
  if (name === 'PWD' && given === undefined) values.push(scope.cwd);
  const { within = [] } = scope;
  if (depth >= MAX_DEPTH || within.includes(name) || scope.budget.left-- <= 0) return values;
  const inner = { ...scope, within: [...within, name] };
  for (const word of scope.assigned.get(name) ?? []) values.push(...valuesOf(word, inner, depth + 1));
  values.push(...(scope.listed.get(name) ?? []));
  return unique(values);
}

function unique(values: readonly ByteString[]): ByteString[] {
  return [...new Set(values)].slice(0, MAX_VALUES);
}

function joined(parts: readonly WordPart[], scope: Scope, depth: number): ByteString[] {
  let texts: ByteString[] = [''];
  for (const part of parts) {
    const tails = partValues(part, scope, depth);
    texts = unique(texts.flatMap((text) => tails.map((tail) => text + tail)));
    texts = texts.filter((text) => text.length <= MAX_VALUE_BYTES);
  }
  return texts;
}

function partValues(part: WordPart, scope: Scope, depth: number): ByteString[] {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return [bytesOfText(part.value)];
    case 'Glob':
      return scope.patterns === true ? [part.text] : [];
    case 'DoubleQuoted':
    case 'LocaleString':
      return joined(part.parts, scope, depth);
    case 'SimpleExpansion':
      return variable(part.text.slice(1), scope, depth);
    case 'ParameterExpansion':
      return parameterValues(part, scope, depth);
    case 'CommandExpansion':
      return part.script === undefined || depth >= MAX_DEPTH ? [] : outputOf(part.script, scope, depth + 1);
    default:
      return [];
  }
}

function parameterValues(
  part: Extract<WordPart, { type: 'ParameterExpansion' }>,
  scope: Scope,
  depth: number,
): ByteString[] {
  const { index, operation, parameter, prefix } = part;
  if (prefix !== undefined || (index !== undefined && index.value !== '0') || depth >= MAX_DEPTH) return [];
  const values = variable(parameter, scope, depth);
  if (operation === undefined) return values;
  if (operation.type === 'Default') {
    const operand = valuesOf(operation.operand, scope, depth + 1);
    if (operation.operator.endsWith('+')) return operand;
    return operation.operator.endsWith('?') ? values : unique([...values, ...operand]);
  }
  // `${0%/*}`: the folder of the script.
  if (operation.type === 'Remove' && operation.operator === '%' && operation.operand.text === '/*')
    return values.map(folderOf);
  return [];
}

/** The usual ways to find one's own folder, `$(cd "$(dirname "$0")" && pwd)`, and programs, `$(command -v node)`. */
function outputOf(script: ParsedScript, scope: Scope, depth: number): ByteString[] {
  const commands = script.commands.flatMap(({ command }) => (command.type === 'AndOr' ? command.commands : [command]));
  const [first, second] = commands;
  if (first?.type !== 'Command') return [];
  const name = first.name?.value;
  const last = lastWord(first);
  const values = last === undefined ? [] : valuesOf(last, scope, depth);
  if (name === 'cd' && commands.length === 2 && second?.type === 'Command' && second.name?.value === 'pwd')
    return values;
  if (commands.length !== 1) return [];
  if (name === 'pwd') return [scope.cwd];
  if (name === 'dirname') return values.map(folderOf);
  if (name === 'basename') return baseNames(first, scope, depth);
  return ['readlink', 'realpath', 'command', 'which'].includes(name ?? '') ? values : [];
}

function lastWord(command: Command): Word | undefined {
  return wordArguments(command).at(-1);
}

function wordArguments(command: Command): Word[] {
  return command.args.filter((word): word is Word => word.type === 'Word');
}

/** `basename PATH [SUFFIX]`. */
function baseNames(command: Command, scope: Scope, depth: number): ByteString[] {
  const [path, suffix] = wordArguments(command).filter((word) => word.text !== '--');
  const [end] = suffix === undefined ? [''] : valuesOf(suffix, scope, depth);
  if (path === undefined || end === undefined) return [];
  const names = valuesOf(path, scope, depth).map((value) => value.slice(value.lastIndexOf('/') + 1));
  return names.map((name) => (end !== '' && end !== name && name.endsWith(end) ? name.slice(0, -end.length) : name));
}

function folderOf(path: ByteString): ByteString {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '.' : slash === 0 ? '/' : path.slice(0, slash);
}

/** Remembers an assignment; what is appended to is only known at run time. */
export function assign(assigned: Map<string, Word[]>, assignment: Assignment): void {
  const { append, name, value } = assignment;
  if (append === true || value.type !== 'Word') return;
  const words = assigned.get(name) ?? [];
  if (words.length < MAX_VALUES) assigned.set(name, [...words, value]);
}
