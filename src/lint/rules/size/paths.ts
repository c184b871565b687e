import type { RunInstruction } from '../../../formats/dockerfile/types.ts';
import type { ShellCommand } from '../../shell/types.ts';
import type { Run } from './runs.ts';

/** Longer ones are not followed. */
const MAX_PATH_CHARS = 1024;
/** Texts that one word with braces stands for. */
const MAX_BRACES = 64;

/** What a word names: absolute paths without a pattern at their end; `~` and `$HOME` are root's. */
export function pathsOf(text: string): readonly string[] {
  return braced(text).flatMap((each) => {
    const path = each.replace(/^(?:~|\$HOME|\$\{HOME\})(?=\/|$)/, '/root');
    const plain = path.replace(/(?:\/+(?:\*|\.\[!\.\]\*|\*\*))*\/*$/, '');
    return path.startsWith('/') && path.length <= MAX_PATH_CHARS && !plain.includes('$')
      ? [plain === '' ? '/' : plain]
      : [];
  });
}

/** `/a/{b,c}/d` → `/a/b/d`, `/a/c/d`. */
function braced(text: string): readonly string[] {
  let texts = [text];
  for (let round = 0; round < 4; round++) {
    texts = texts.flatMap((each) => {
      const match = /\{([^{}]*,[^{}]*)\}/.exec(each);
      if (match === null) return [each];
      const [whole, items = ''] = match;
      return items.split(',').map((item) => each.slice(0, match.index) + item + each.slice(match.index + whole.length));
    });
    if (texts.length > MAX_BRACES) return [text];
  }
  return texts;
}

/** `path` is `folder`, or below it. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** Whether a command of the script, from the one at `from` on, deletes the path. */
export function isDeleted({ script }: Run, path: string, from: number): boolean {
  return script.commands.slice(from).some((command) => deletes(command, path));
}

function deletes(command: ShellCommand, path: string): boolean {
  const isFind = command.name === 'find' && command.words.some(({ text }) => text === '-delete' || text === 'rm');
  if (command.name !== 'rm' && !isFind) return false;
  return command.words.some(({ text }) => pathsOf(text).some((named) => isWithin(named, path)));
}

/** Whether a mount keeps the path out of the layer. */
export function isMounted(run: RunInstruction, matches: (target: string) => boolean): boolean {
  return run.mounts.some(({ fields }) => {
    const value = (keys: readonly string[]): string | undefined => fields.find(({ key }) => keys.includes(key))?.value;
    const target = value(['target', 'dst', 'destination']);
    const type = value(['type']) ?? 'bind';
    return target !== undefined && ['cache', 'tmpfs', 'bind'].includes(type) && matches(target.replace(/\/+$/, ''));
  });
}
