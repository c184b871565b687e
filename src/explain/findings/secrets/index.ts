import { throwIfCancelled } from '../../../base/context.ts';
import { cleanPath, compareBytes, textOfBytes, type TreePath } from '../../../base/path.ts';
import { ownerOf } from '../../../packages/index.ts';
import type { IndexedMember } from '../../../store/types.ts';
import type { ContentRef, Entry } from '../../../tree/types.ts';
import { wasteOf } from '../../layers/waste.ts';
import type { Subject } from '../subject.ts';
import type { Secret, Secrets } from '../types.ts';
import { configSecrets } from './config.ts';
import { namedSecrets } from './named-rules.ts';
import { isTestKey, placesOf } from './places.ts';
import { tokensIn, type FoundSecret } from './token-rules.ts';

/** Of all files together; the rest is not looked at. */
const MAX_NAMED_FILES = 10_000;
const MAX_TEXT_FILES = 10_000;
const MAX_TEXT_BYTES = 64 * 1024 * 1024; // 64 MiB
/** Of a file that is named like a secret, however long it is: a state of Terraform may be. */
const MAX_NAMED_BYTES = 1024 * 1024; // 1 MiB
/** A text has no NUL here. */
const HEAD_BYTES = 8 * 1024;

interface Place {
  readonly entry: Entry;
  readonly layer: number | undefined;
  readonly hidden: boolean;
}

/**
 * Files and settings that look like they give a secret away. Of files the path tells which are read: those that are named like one, anywhere; and small
 * texts in the folders of applications, for what can be told by its form. What a package owns, or anybody can download, is none. So are files that a
 * later layer deletes or replaces. Values are never kept.
 */
export async function secretsOf(subject: Subject): Promise<Secrets> {
  const { content, ctx, databases, image } = subject;
  const places = placesOf(image.config, (path) => ownerOf(databases, path) !== undefined);
  const left = { named: MAX_NAMED_FILES, texts: MAX_TEXT_FILES, bytes: MAX_TEXT_BYTES };
  const found: Secret[] = [];
  const seen = new Set<string>();
  let unsearched = 0;
  for (const { entry, hidden, layer } of placesIn(subject)) {
    const meaning = places.meaning(entry.path, entry.size);
    if (meaning === undefined) continue;
    throwIfCancelled(ctx.signal);
    if (meaning === 'named' ? --left.named < 0 : --left.texts < 0 || (left.bytes -= entry.size) < 0) {
      unsearched += 1;
      continue;
    }
    const path = textOfBytes(entry.path);
    for (const { kind, line } of secretsIn(
      entry.path,
      meaning,
      await content.read(entry, { offset: 0, size: Math.min(entry.size, MAX_NAMED_BYTES) }),
    )) {
      // The same secret that is still there need not be told again.
      const key = `${path}\0${kind}\0${line}`;
      if (isTestKey(entry.path, kind) || seen.has(key)) continue;
      seen.add(key);
      found.push({
        path,
        kind,
        ...(kind.startsWith('key store') ? {} : { line }),
        ...(layer === undefined ? {} : { layer }),
        ...(hidden ? { hidden } : {}),
      });
    }
  }
  return { found: [...found, ...configSecrets(image.config)].sort(inOrder), unsearched };
}

/** What can be seen first. */
function* placesIn({ indexes, tree }: Pick<Subject, 'indexes' | 'tree'>): Generator<Place> {
  for (const entry of tree.walk()) if (entry.type === 'file') yield { entry, layer: entry.layer, hidden: false };
  const { isVisible } = wasteOf(tree, indexes);
  for (const [layer, { diffId, members }] of indexes.entries())
    for (const member of members)
      if (member.type === 'file' && !isVisible(layer, member.dataOffset))
        yield { entry: entryOf(member, diffId), layer, hidden: true };
}

function entryOf(member: IndexedMember, diffId: Subject['indexes'][number]['diffId']): Entry {
  const { dataOffset: offset, dataSize, gid, mode, mtime, path, sha256, size, sparse, uid } = member;
  const content: ContentRef = {
    in: 'layer',
    diffId,
    offset,
    size: dataSize,
    ...(sparse === undefined ? {} : { sparse }),
  };
  const hash = sha256 === undefined ? {} : { sha256 };
  return { path: cleanPath(path), type: 'file', mode, uid, gid, size, mtime, content, ...hash };
}

function secretsIn(path: TreePath, meaning: 'named' | 'text', bytes: Uint8Array): readonly FoundSecret[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (meaning === 'named') return withoutTwins([...namedSecrets(path, text), ...tokensIn(text)]);
  return text.lastIndexOf('\0', HEAD_BYTES) === -1 ? tokensIn(text) : [];
}

/** What a line is told for by its name and by its form is told once, by the name. */
function withoutTwins(found: readonly FoundSecret[]): readonly FoundSecret[] {
  return found.filter(({ line }, at) => found.findIndex((other) => other.line === line) === at);
}

function inOrder(a: Secret, b: Secret): number {
  return (
    compareBytes(a.path, b.path) ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.layer ?? 0) - (b.layer ?? 0) ||
    compareBytes(a.kind, b.kind)
  );
}
