import { parse, type ParsedScript, type Statement } from 'unbash';
import { SHELLS } from '../../evidence/shell/builtins.ts';
import { walkScript, type ScriptVisitor } from '../../evidence/shell/walk.ts';
import { runScript } from '../../formats/dockerfile/run.ts';
import type { RunInstruction } from '../../formats/dockerfile/types.ts';
import { sourceMap } from './source-map.ts';
import type { Script, ShellCommand, ShellWord } from './types.ts';
import { baseName, unwrapped, wordOf, wordsOf } from './words.ts';

/** The parser's time grows with the square of the here-documents of one line. */
const MAX_HERE_DOCUMENTS = 500;
/** `sh -c "sh -c '…'"`. */
const MAX_NESTING = 3;

const NOTHING: ScriptVisitor = {
  command: () => undefined,
  redirect: () => undefined,
  tested: () => undefined,
  assignment: () => undefined,
  define: () => undefined,
  loop: () => undefined,
  pipeline: () => undefined,
  enter: () => undefined,
  leave: () => undefined,
};

/** What a RUN gives to its shell. `shell`: of the last SHELL. */
export function scriptOfRun(
  run: RunInstruction,
  shell: readonly string[] | undefined,
  escape: string,
): Script | undefined {
  if (run.form === 'exec') return scriptOfWords(run);
  if (shell !== undefined && !(SHELLS.has(baseName(shell[0] ?? '')) && shell.length > 1)) return undefined;
  const read = runScript(run);
  const [first] = run.heredocs;
  const isOwn = first !== undefined && !read.text.startsWith(run.command.value);
  if (read.kind === 'file' && !isShellScript(read.text)) return undefined;
  const script = parsed(read.text);
  if (script === undefined) return undefined;
  const { value } = run.command;
  const map = isOwn ? undefined : sourceMap(run.command, escape);
  const inHeredoc = (index: number): number | undefined =>
    first === undefined || first.content !== read.text ? undefined : first.body.start.offset + index;
  return {
    text: read.text,
    commands: commandsOf(script, 0),
    isChain: !isOwn && run.heredocs.length === 0 && isChain(script),
    closed: first !== undefined && !isOwn ? 'it is followed by a heredoc' : whyClosed(script, read.text),
    place: (index) =>
      isOwn ? inHeredoc(index) : index < value.length || index === 0 ? map?.(index) : endOf(map, value),
    heredoc: isOwn,
  };
}

/** Behind the last char. */
function endOf(map: ((index: number) => number) | undefined, value: string): number | undefined {
  return map === undefined || value === '' ? undefined : map(value.length - 1) + 1;
}

function isShellScript(text: string): boolean {
  const [line = ''] = text.split('\n', 1);
  const words = line.slice('#!'.length).trim().split(/\s+/);
  const program = baseName(words[0] ?? '') === 'env' ? (words[1] ?? '') : (words[0] ?? '');
  return SHELLS.has(baseName(program));
}

function parsed(text: string): ParsedScript | undefined {
  if (text.split('<<').length > MAX_HERE_DOCUMENTS) return undefined;
  const script = parse(text);
  return (script.errors ?? []).length > 0 ? undefined : script;
}

/** The exec form: one command, or the text of `sh -c`. Nothing in it has a place. */
function scriptOfWords(run: RunInstruction): Script {
  const words = run.words.map(({ value }) => ({ text: value, constant: true, start: 0, end: 0 }));
  return {
    text: run.command.value,
    commands: [...expanded(words, { start: 0, end: 0, nested: true }, 0)],
    isChain: false,
    closed: 'it is in exec form',
    place: () => undefined,
    heredoc: false,
  };
}

function commandsOf(script: ParsedScript, depth: number, outer?: Pick<ShellCommand, 'start' | 'end'>): ShellCommand[] {
  const commands: ShellCommand[] = [];
  walkScript(script, {
    ...NOTHING,
    command: (command) => {
      const words = wordsOf(command).map(wordOf);
      const place = outer ?? { start: command.name?.pos ?? command.pos, end: command.end };
      commands.push(...expanded(words, { ...place, nested: outer !== undefined }, depth));
    },
  });
  return commands.sort((a, b) => a.start - b.start);
}

/** The command itself, and those in the text of `sh -c`. */
function expanded(
  written: readonly ShellWord[],
  place: Pick<ShellCommand, 'start' | 'end' | 'nested'>,
  depth: number,
): readonly ShellCommand[] {
  const [program, ...words] = unwrapped(written);
  if (program === undefined) return [];
  const name = baseName(program.text);
  const own = { name, words, ...place };
  if (!SHELLS.has(name) || depth >= MAX_NESTING) return [own];
  const flag = words.findIndex(({ text }) => /^-\w*c$/.test(text));
  const text = flag === -1 ? undefined : words[flag + 1];
  const inner = text?.constant === true ? parsed(text.text) : undefined;
  return inner === undefined ? [own] : [own, ...commandsOf(inner, depth + 1, place)];
}

function isChain({ commands }: ParsedScript): boolean {
  const [only] = commands;
  if (commands.length !== 1 || only === undefined || only.background === true) return false;
  const { command } = only;
  return command.type === 'AndOr'
    ? command.operators.every((operator) => operator === '&&')
    : command.type === 'Command';
}

/** Commands behind which nothing runs. */
const LAST = new Set(['exec', 'exit', 'return']);

function whyClosed(script: ParsedScript, text: string): string | undefined {
  const last: Statement | undefined = script.commands.at(-1);
  if (last === undefined) return 'it has no command';
  if (script.commands.some((statement) => statement.background === true))
    return 'it starts something in the background';
  if (last.end !== text.trimEnd().length) return 'it ends with a comment or a semicolon';
  if (script.commands.some(({ command }) => command.type === 'Function')) return 'it defines a function';
  let ends = false;
  walkScript(script, {
    ...NOTHING,
    command: (command) => {
      ends ||= LAST.has(command.name?.value ?? '');
    },
  });
  return ends ? 'it ends the shell itself' : undefined;
}
