import type { Script, ShellCommand, ShellWord } from '../../shell/types.ts';
import { aptOf } from './apt.ts';
import { invocationOf } from './runs.ts';

const APK_VALUED = ['-X', '--repository', '-p', '--root'];
const DNF = new Set(['dnf', 'microdnf', 'yum', 'tdnf', 'zypper']);

/** `libfoo=1.2` → `libfoo`; flags and variables are no packages. */
const nameOf = (text: string): string => /^[\w.+-]+/.exec(text)?.[0] ?? '';

export interface PackageWords {
  readonly command: ShellCommand;
  readonly words: readonly ShellWord[];
}

/** Commands that install packages of the system, with the words that name them. */
export function installations({ commands }: Script): readonly PackageWords[] {
  return commands.flatMap((command) => {
    const call = callOf(command);
    return call !== undefined && ['install', 'add', 'build-dep'].includes(call.verb)
      ? [{ command, words: call.operands }]
      : [];
  });
}

/** Commands that remove packages; `apk add -t NAME` makes NAME one of them. */
export function removedPackages({ commands }: Script): readonly PackageWords[] {
  return commands.flatMap((command) => {
    const call = callOf(command);
    return call !== undefined && ['purge', 'remove', 'autoremove', 'del', 'erase'].includes(call.verb)
      ? [{ command, words: call.operands }]
      : [];
  });
}

/** Names, those of virtual packages included. */
export function installedPackages(script: Script): readonly string[] {
  return installations(script).flatMap(({ command, words }) => [
    ...words.map(({ text }) => nameOf(text)).filter((name) => name !== ''),
    ...virtualName(command),
  ]);
}

/** Of `apk add --virtual NAME`. */
export function virtualName({ name, words }: ShellCommand): readonly string[] {
  if (name !== 'apk') return [];
  const at = words.findIndex(({ text }) => text === '-t' || text === '--virtual');
  const joinedFlag = words.find(({ text }) => text.startsWith('--virtual='));
  const found = at === -1 ? joinedFlag?.text.slice('--virtual='.length) : words[at + 1]?.text;
  return found === undefined ? [] : [found];
}

function callOf(command: ShellCommand) {
  if (command.name === 'apk') return invocationOf(command, [...APK_VALUED, '-t', '--virtual']);
  return DNF.has(command.name) ? invocationOf(command) : aptOf(command);
}
