import { posix } from 'node:path';
import type { AddInstruction, CopyInstruction, Instruction } from '../../../formats/dockerfile/types.ts';
import type { Facts } from '../../facts/types.ts';
import type { Script, ShellCommand } from '../../shell/types.ts';
import { aptOf } from './apt.ts';
import { pathsOf } from './paths.ts';

/** Programs that make what they are told the name of. */
const MAKERS = new Set(
  (
    'cargo cmake cp curl dd gcc git go gunzip install javac ln make mkdir mv npm patch pip pip3 python python3 rsync tar tee touch ' +
    'truncate unzip wget xz yarn'
  ).split(' '),
);
/** Folders that are there before anything is made: nobody made what lies in them by naming them. */
const SHARED = new Set([
  '/',
  '/etc',
  '/opt',
  '/root',
  '/srv',
  '/tmp',
  '/usr',
  '/usr/local',
  '/usr/src',
  '/usr/bin',
  '/usr/local/bin',
  '/var',
  '/var/tmp',
]);

/** Which paths the instructions so far have made, as far as their text tells. */
export interface MadePaths {
  add(instruction: Instruction, facts: Facts): void;
  /** The last instruction that made the path, something below it, or a folder that it lies in. */
  maker(path: string): Instruction | undefined;
}

export function createMadePaths(): MadePaths {
  const made = new Map<string, Instruction>();
  const above = new Map<string, Instruction>();
  const put = (path: string, instruction: Instruction): void => {
    if (SHARED.has(path)) return;
    made.set(path, instruction);
    for (let at = posix.dirname(path); !SHARED.has(at); at = posix.dirname(at)) above.set(at, instruction);
  };
  return {
    add: (instruction, facts) => {
      for (const path of pathsMade(instruction, facts)) put(path, instruction);
    },
    maker: (path) => {
      if (SHARED.has(path)) return undefined;
      const below = made.get(path) ?? above.get(path);
      if (below !== undefined) return below;
      for (let at = posix.dirname(path); !SHARED.has(at); at = posix.dirname(at)) {
        const found = made.get(at);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function* pathsMade(instruction: Instruction, facts: Facts): Iterable<string> {
  if (instruction.kind === 'COPY' || instruction.kind === 'ADD') yield* copiedPaths(instruction, facts);
  if (instruction.kind !== 'RUN') return;
  const script = facts.scriptOf(instruction);
  if (script !== undefined) yield* scriptPaths(script);
}

function* copiedPaths(node: CopyInstruction | AddInstruction, facts: Facts): Iterable<string> {
  const { cwd } = facts.pointOf(node);
  const { value } = node.destination;
  if (value.includes('$') || (!value.startsWith('/') && cwd === undefined)) return;
  const destination = posix.resolve(cwd ?? '/', value);
  yield* pathsOf(destination);
  for (const source of node.sources)
    if (!/[$*?[]/.test(source.value)) yield* pathsOf(posix.join(destination, posix.basename(source.value)));
}

function* scriptPaths({ commands }: Script): Iterable<string> {
  for (const command of commands) {
    if (aptOf(command)?.verb === 'update') yield '/var/lib/apt/lists';
    if (!MAKERS.has(command.name)) continue;
    for (const { text } of command.words) yield* pathsIn(text);
  }
}

/** `/a`, `--output=/a`, `of=/a`. */
function pathsIn(text: string): readonly string[] {
  const equals = text.indexOf('=');
  return pathsOf(text.startsWith('/') || equals === -1 ? text : text.slice(equals + 1));
}

/** Whether a command before this one names the path, or something below it: the script makes it itself. */
export function isMadeHere(commands: readonly ShellCommand[], index: number, path: string): boolean {
  return commands
    .slice(0, index)
    .some(
      (command) =>
        command.name !== 'rm' &&
        ((path === '/var/lib/apt/lists' && aptOf(command)?.verb === 'update') ||
          command.words.some(({ text }) =>
            pathsIn(text).some(
              (named) =>
                named === path || named.startsWith(`${path}/`) || (path.startsWith(`${named}/`) && !SHARED.has(named)),
            ),
          )),
    );
}
