import { sha256, type Digest } from '../../base/digest.ts';
import type { ErrorCode } from '../../base/error-codes.ts';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { bytesOfText, quotePath, type TreePath } from '../../base/path.ts';
import type { Epoch } from '../../pack/members.ts';
import { membersOf } from '../../pack/members.ts';
import type { Store } from '../../store/types.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';
import { canonical } from '../digest.ts';
import { selectionDigest } from '../context/index.ts';
import type { CopyAction, FileVertex } from '../types.ts';
import { openChanges, type Changes } from './changes.ts';
import { copyInto, type Selected } from './copy.ts';
import type { LayerFolder, StepLayer } from './layers.ts';
import { parseModeChange } from './mode.ts';
import { ownerOf } from './owners.ts';
import type { FileSystem } from './result.ts';
import { select } from './select.ts';
import { missingSource } from './missing-source.ts';
import type { OpenArchive } from './unpack-open.ts';

/** A copy, looked at and not yet done. */
interface Prepared {
  readonly action: CopyAction;
  readonly from: FileSystem;
  readonly selected: readonly Selected[];
  /** Hex, of a file among them as it was when it was looked at. */
  readonly sha256Of: (entry: Entry) => string;
}

/** A file step whose inputs are known. */
export interface FileStep {
  readonly vertex: FileVertex;
  /** Absent: a folder that is made. By the place of the action. */
  readonly copies: readonly (Prepared | undefined)[];
  /** What was selected, by content: the part of the key that is not in the operation. */
  readonly digests: readonly Digest[];
}

export interface FileStepTools {
  readonly store: Store;
  readonly layers: LayerFolder;
  /** Seconds since 1970, for folders that the step makes; with `clamp` also the latest time of any file. */
  readonly epoch: number | undefined;
  readonly ctx: Context;
}

/**
 * Finds out what a step would copy, and its digest. What is made of archives depends on their content alone, so that it need not be known yet.
 * @throws TareError E_PATH_NOT_FOUND with the rule of the ignore file that hides the path
 */
export async function prepareFileStep(
  vertex: FileVertex,
  sourceOf: (action: CopyAction) => Promise<FileSystem>,
): Promise<FileStep> {
  const copies = await Promise.all(
    vertex.actions.map(async (action): Promise<Prepared | undefined> => {
      if (action.kind !== 'copy') return undefined;
      const from = await sourceOf(action);
      const items = selected(from, action, vertex);
      return { action, from, selected: items, sha256Of: await from.digestsOf(entriesOf(items)) };
    }),
  );
  const digests = copies.flatMap((copy) => (copy === undefined ? [] : [digestOf(copy)]));
  return { vertex, copies, digests };
}

function selected(from: FileSystem, action: CopyAction, vertex: FileVertex): readonly Selected[] {
  try {
    return select(from.tree, action);
  } catch (error) {
    if (!(error instanceof TareError) || error.code !== 'E_PATH_NOT_FOUND') throw error;
    throw missingSource(from, action, vertex) ?? error;
  }
}

const entriesOf = (items: readonly Selected[]): readonly Entry[] =>
  items.flatMap(({ entry, inside }) => [entry, ...inside]);

/** One source after the other: which of them gave what decides when names collide. */
function digestOf({ selected: items, sha256Of }: Prepared): Digest {
  return sha256(
    canonical(
      items.map((item) => {
        const entries = entriesOf([item]);
        return [item.name, selectionDigest(entries, sha256Of), sha256(entries.map(attributesOf).join('\n'))];
      }),
    ),
  );
}

/** What a selection's digest leaves out and a copy keeps: owners and extended attributes. */
function attributesOf({ gid, uid, xattrs }: Entry): string {
  const values = [...(xattrs ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`);
  return [`${uid}:${gid}`, ...values.sort()].join(' ');
}

/** Where the content of a file comes from, and what it was when the step was looked at (hex). */
interface Origin {
  readonly reader: ContentReader;
  readonly sha256: string | undefined;
}

/** By the reference to it, which copies share. */
type Origins = Map<Entry['content'], Origin>;

/**
 * Does it.
 * @returns null when nothing would be different afterwards
 * @throws TareError as `copyInto`, `openArchive` and `unpackInto`; E_USER for an owner that the root does not know; E_CHANGED for a file that is not what it was
 * when the step was prepared
 */
export async function runFileStep(step: FileStep, root: FileSystem, tools: FileStepTools): Promise<StepLayer | null> {
  const archives: OpenArchive[] = [];
  try {
    return await changed(step, root, tools, archives);
  } finally {
    for (const archive of archives) await archive.close();
  }
}

async function changed(
  step: FileStep,
  root: FileSystem,
  tools: FileStepTools,
  archives: OpenArchive[],
): Promise<StepLayer | null> {
  const changes = openChanges(root.tree);
  const origins: Origins = new Map();
  for (const [index, action] of step.vertex.actions.entries()) {
    const owner = action.owner === undefined ? undefined : await ownerOf(action.owner, changes, root);
    const mtime = tools.epoch ?? 0;
    if (action.kind === 'mkdir') {
      changes.makeFolders(bytesOfText(action.path) as TreePath, { mode: action.mode, uid: 0, gid: 0, ...owner, mtime });
      continue;
    }
    const copy = step.copies[index];
    if (copy === undefined) continue;
    const target = { changes, destination: bytesOfText(action.destination), owner, mtime };
    for (const item of copy.selected) {
      const archive = action.unpack ? await archiveOf(item.entry, copy, tools) : undefined;
      if (archive !== undefined) {
        archives.push(archive);
        const onFile = ({ content, sha256: hex }: Entry): void =>
          void origins.set(content, { reader: archive.content, sha256: hex });
        const { unpackInto } = await import('./unpack.ts');
        named(item.entry, () => unpackInto({ ...target, ...archive, onFile }));
        continue;
      }
      for (const entry of [item.entry, ...item.inside])
        if (entry.content !== undefined)
          origins.set(entry.content, { reader: copy.from.content, sha256: copy.sha256Of(entry) });
      const mode = action.mode === undefined ? undefined : parseModeChange(action.mode);
      // What a symbolic mode changes is there already.
      const folderMode = /^\d+$/.test(action.mode ?? '') ? (mode?.(0, true) ?? 0) & 0o777 : undefined;
      copyInto({ ...target, source: copy.from.tree, selected: [item], mode, folderMode });
    }
  }
  return writeChanges(changes, origins, root.content, tools);
}

/** Undefined for what is no archive, and is copied as it is. */
async function archiveOf(
  entry: Entry,
  { from, sha256Of }: Prepared,
  { ctx, layers }: FileStepTools,
): Promise<OpenArchive | undefined> {
  if (entry.content === undefined) return undefined;
  const { openArchive } = await import('./unpack-open.ts');
  const { content } = from;
  const { temporary } = layers;
  try {
    return await openArchive(entry, { content, sha256: sha256Of(entry), temporary, signal: ctx.signal });
  } catch (error) {
    throw inArchive(entry, error);
  }
}

function named(archive: Entry, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw inArchive(archive, error);
  }
}

const HOSTILE: readonly ErrorCode[] = ['E_TAR', 'E_TAR_PATH', 'E_COMPRESSION', 'E_LIMIT', 'E_LOOP', 'E_PATH'];

/** With the name of the archive. */
function inArchive({ path }: Entry, error: unknown): unknown {
  if (!(error instanceof TareError) || error.code === 'E_CANCELLED' || error.code === 'E_CHANGED') return error;
  const hint = HOSTILE.includes(error.code)
    ? 'the archive is damaged or hostile: make or fetch it again; COPY or --unpack=false takes it as it is'
    : error.hint;
  return new TareError(error.code, `cannot unpack ${quotePath(path)}: ${error.message}`, { hint, cause: error });
}

async function writeChanges(
  changes: Changes,
  origins: Origins,
  lower: ContentReader,
  { ctx, epoch, layers, store }: FileStepTools,
): Promise<StepLayer | null> {
  const entries = changes.entries();
  if (entries.length === 0) return null;
  const readerOf = (entry: Entry): ContentReader => origins.get(entry.content)?.reader ?? lower;
  const content: ContentReader = {
    read: (entry, range) => readerOf(entry).read(entry, range),
    stream: (entry) => readerOf(entry).stream(entry),
  };
  const own: Epoch = 'own';
  const timed =
    epoch === undefined ? entries : entries.map((entry) => ({ ...entry, mtime: Math.min(entry.mtime, epoch) }));
  // Of a step that is known none of it is needed.
  const [{ openFileDigests }, { writeLayer }] = await Promise.all([
    import('../../pack/file-digests.ts'),
    import('../../pack/write-layer.ts'),
  ]);
  const files = await openFileDigests(store.home);
  const members = membersOf(timed, own);
  const { diffId, indexed, tarSize } = await writeLayer(
    { members, content, files, compression: { kind: 'none' } },
    layers,
    ctx,
  );
  await files.save();
  for (const [at, { source }] of members.entries()) {
    const was = origins.get(source?.content)?.sha256;
    if (source !== undefined && was !== undefined && was !== indexed[at]?.sha256)
      throw new TareError('E_CHANGED', `what ${quotePath(source.path)} is made of changed while it was copied`);
  }
  return layers.indexed({ diffId, size: tarSize }, indexed);
}
