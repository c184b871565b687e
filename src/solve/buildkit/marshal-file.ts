import { posix } from 'node:path';
import type { CopyAction, FileVertex, MakeFolderAction, Owner, Source, SourceVertex } from '../types.ts';
import {
  NO_TIME,
  NOTHING,
  type FileOpAction,
  type FileOpCopy,
  type OpInput,
  type OpOwner,
  type OpUser,
} from './llb.ts';
import { inputList, type Marshaller } from './marshaller.ts';

/** All actions of a vertex in one operation: each works on what the one before it made, and only the last result is given out. */
export function fileOp(vertex: FileVertex, marshaller: Marshaller): OpInput | undefined {
  const { indexOf, inputs } = inputList();
  const root = marshaller.input(vertex.root);
  if (vertex.actions.length === 0) return root;
  const base = root === undefined ? NOTHING : indexOf(root);
  const caps = new Set(['file.base']);
  const todo: Pick<FileOpAction, 'copy' | 'mkdir' | 'secondaryInput'>[] = [];
  for (const action of vertex.actions) {
    if (action.kind === 'mkdir') {
      todo.push({ secondaryInput: NOTHING, mkdir: makeFolder(action, base) });
      continue;
    }
    const from = marshaller.input(action.from);
    const secondaryInput = from === undefined ? NOTHING : indexOf(from);
    for (const source of action.sources) {
      const copy = copyOf(action, source, base);
      if (copy.includePatterns !== undefined || copy.excludePatterns !== undefined)
        caps.add('file.copy.includeexcludepatterns');
      if (copy.requiredPaths !== undefined) caps.add('file.copy.requiredpaths');
      todo.push({ secondaryInput, copy });
    }
  }
  return marshaller.add(
    { inputs, file: { actions: chained(todo, base, inputs.length) } },
    { name: vertex.name, vertex, caps: [...caps].sort() },
  );
}

/** Files of a here-document, root's. */
export function inlineOp(
  vertex: SourceVertex,
  { files, mode }: Extract<Source, { kind: 'inline' }>,
  marshaller: Marshaller,
): OpInput | undefined {
  const todo: Omit<FileOpAction, 'input' | 'output'>[] = [];
  const made = new Set(['/']);
  for (const [path, text] of Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const full = posix.join('/', path);
    const folder = posix.dirname(full);
    if (!made.has(folder)) {
      made.add(folder);
      const mkdir = { path: folder, mode: 0o755, makeParents: true, timestamp: NO_TIME };
      todo.push({ secondaryInput: NOTHING, mkdir });
    }
    const mkfile = { path: full, mode, data: Buffer.from(text, 'utf8'), timestamp: NO_TIME };
    todo.push({ secondaryInput: NOTHING, mkfile });
  }
  if (todo.length === 0) return undefined;
  return marshaller.add(
    { inputs: [], file: { actions: chained(todo, NOTHING, 0) } },
    { name: vertex.name, vertex, caps: ['file.base'] },
  );
}

function chained(
  todo: readonly Omit<FileOpAction, 'input' | 'output'>[],
  base: number,
  inputs: number,
): FileOpAction[] {
  return todo.map((action, index) => ({
    input: index === 0 ? base : inputs + index - 1,
    output: index === todo.length - 1 ? 0 : NOTHING,
    ...action,
  }));
}

function makeFolder(action: MakeFolderAction, base: number): NonNullable<FileOpAction['mkdir']> {
  return {
    path: posix.normalize(action.path),
    mode: action.mode,
    makeParents: true,
    ...ownerOf(action.owner, base),
    timestamp: NO_TIME,
  };
}

/** As the Dockerfile front end asks for it (dockerfile2llb/convert_copy.go). */
function copyOf(action: CopyAction, source: string, base: number): FileOpCopy {
  return {
    ...(action.parents ? belowPivot(source) : { src: posix.join('/', source) }),
    dest: destinationOf(action.destination),
    ...ownerOf(action.owner, base),
    ...modeOf(action.mode),
    followSymlink: true,
    dirCopyContents: true,
    attemptUnpack: action.unpack,
    createDestPath: true,
    allowWildcard: action.literal !== true,
    allowEmptyWildcard: true,
    timestamp: NO_TIME,
    ...(action.exclude.length === 0 ? {} : { excludePatterns: action.exclude }),
  };
}

/** `--parents`: the copy begins at the pivot `/./` (else at the root), and takes what matches the rest. */
function belowPivot(source: string): Pick<FileOpCopy, 'includePatterns' | 'requiredPaths' | 'src'> {
  const cut = source.indexOf('/./');
  const parent = cut < 0 ? '/' : source.slice(0, cut);
  const pattern = posix.join('/', cut < 0 ? source : source.slice(cut + 3));
  return {
    src: posix.join('/', parent),
    includePatterns: [pattern.slice(1)],
    ...(hasWildcards(parent) || hasWildcards(pattern) ? {} : { requiredPaths: [posix.join('/', parent, pattern)] }),
  };
}

const hasWildcards = (path: string): boolean => /[*?[]/.test(path.replace(/\\./gs, ''));

/** A slash (or `/.`) at the end says that it is a folder: it stays. */
function destinationOf(path: string): string {
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  if (path.endsWith('/')) return clean.endsWith('/') ? clean : `${clean}/`;
  return path.endsWith('/.') ? `${clean === '/' ? '' : clean}/.` : clean;
}

function modeOf(mode: string | undefined): Pick<FileOpCopy, 'mode' | 'modeText'> {
  if (mode === undefined) return { mode: -1 };
  return /^[0-7]{1,5}$/.test(mode) ? { mode: Number.parseInt(mode, 8) } : { mode: 0, modeText: mode };
}

function ownerOf(owner: Owner | undefined, base: number): { readonly owner?: OpOwner } {
  if (owner === undefined) return {};
  const [user = '', group] = owner.split(':', 2);
  return {
    owner: {
      ...(user === '' ? {} : { user: userOf(user, base) }),
      ...(group === undefined || group === '' ? {} : { group: userOf(group, base) }),
    },
  };
}

const userOf = (text: string, base: number): OpUser =>
  /^\d+$/.test(text) ? { byId: Number(text) } : { byName: { name: text, input: base } };
