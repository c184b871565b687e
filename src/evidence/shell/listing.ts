import type { Command, SyntaxNode, Word } from 'unbash';
import { type ByteString, nameOf, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import { expandGlob } from '../glob.ts';
import { findFile } from './search.ts';
import { type Scope, valuesOf } from './words.ts';

/** A variable that takes one file after another: `for f in DIR/*`, `find DIR | while read f`. */
export type Listing =
  | { readonly name: string; readonly by: 'words'; readonly words: readonly Word[] }
  | { readonly name: string; readonly by: 'command'; readonly command: Command };

/** Files that one variable goes through. */
const MAX_LISTED = 64;
/** Folders that `find` looks into. */
const MAX_FOLDERS = 256;

/** The variables that a pipeline's `while read` gets from the command at its start. */
export function pipedListing(commands: readonly SyntaxNode[]): Listing[] {
  const [first, ...rest] = commands;
  if (first?.type !== 'Command') return [];
  return rest.flatMap((node) => {
    const loop = node.type === 'Redirected' ? node.command : node;
    const clause = loop.type === 'While' ? loop.clause.commands[0]?.command : undefined;
    if (clause?.type !== 'Command' || clause.name?.value !== 'read') return [];
    const name = clause.args.findLast((word): word is Word => word.type === 'Word' && /^[A-Za-z_]\w*$/.test(word.text));
    return name === undefined ? [] : [{ name: name.text, by: 'command', command: first }];
  });
}

/** The files of a listing that are there, in byte order. */
export function listedFiles(listing: Listing, scope: Scope, tree: Tree): ByteString[] {
  const found =
    listing.by === 'command'
      ? filesOfCommand(listing.command, scope, tree)
      : listing.words.flatMap((word) => [...filesOfPattern(word, scope, tree), ...filesOfOutput(word, scope, tree)]);
  return [...new Set(found)].slice(0, MAX_LISTED);
}

function filesOfPattern(word: Word, scope: Scope, tree: Tree): ByteString[] {
  if (word.parts?.some((part) => part.type === 'Glob') !== true) return [];
  return valuesOf(word, { ...scope, patterns: true }).flatMap((pattern) =>
    expandGlob(tree, pattern.startsWith('/') ? pattern : `${scope.cwd}/${pattern}`).slice(0, MAX_LISTED),
  );
}

/** `$(find DIR … | sort)`. */
function filesOfOutput(word: Word, scope: Scope, tree: Tree): ByteString[] {
  return (word.parts ?? []).flatMap((part) => {
    if (part.type !== 'CommandExpansion') return [];
    const command = part.script?.commands[0]?.command;
    const first = command?.type === 'Pipeline' ? command.commands[0] : command;
    return first?.type === 'Command' ? filesOfCommand(first, scope, tree) : [];
  });
}

function filesOfCommand(command: Command, scope: Scope, tree: Tree): ByteString[] {
  const words = command.args.filter((word): word is Word => word.type === 'Word');
  const name = command.name?.value;
  if (name === 'ls') return words.flatMap((word) => filesOfPattern(word, scope, tree));
  if (name !== 'find') return [];
  const options = words.findIndex((word) => /^[-(!]/.test(word.text));
  const tested = words.findIndex((word) => word.text === '-name');
  const [pattern = '*'] = tested === -1 ? [] : valuesOf(words[tested + 1] as Word, { ...scope, patterns: true });
  const wanted = nameTest(pattern);
  return words
    .slice(0, options === -1 ? words.length : options)
    .flatMap((word) => valuesOf(word, scope))
    .flatMap((text) => filesBelow(tree, text, scope.cwd))
    .filter((path) => wanted(nameOf(path)));
}

/** `*.sh` and the like; anything more complicated lets everything pass. */
function nameTest(pattern: ByteString): (name: ByteString) => boolean {
  const [, suffix] = /^\*([^*?[\]]*)$/.exec(pattern) ?? [];
  return suffix === undefined ? () => true : (name) => name.endsWith(suffix);
}

function filesBelow(tree: Tree, text: ByteString, cwd: TreePath): TreePath[] {
  const start = findFile(tree, text, [cwd])?.entry;
  const folders = start?.type === 'directory' ? [start] : [];
  const files: Entry[] = [];
  for (let at = 0; at < folders.length && at < MAX_FOLDERS && files.length < MAX_LISTED; at++) {
    for (const child of tree.children((folders[at] as Entry).path)) {
      if (child.type === 'directory') folders.push(child);
      else files.push(child);
    }
  }
  return files.map((entry) => entry.path);
}
