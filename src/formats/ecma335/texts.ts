import { compareBytes } from '../../base/path.ts';
import type { Piece } from './image.ts';
import { lengthAt } from './lengths.ts';
import type { AssemblyMetadata, NamedType } from './types.ts';

/** Of the texts of one program, in bytes: the largest real ones have some megabytes, and names stand anywhere among them. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024; // 16 MiB
/** Longest text that may be a name, in bytes of UTF-16. */
const MAX_NAME_BYTES = 2 * 1024;
/** Names of one kind that one program can propose. */
const MAX_NAMES = 4096;

/** `Namespace.Type, Assembly[, Version=…]`, as `Type.GetType` takes it; generic arguments stand in brackets before the comma. */
const QUALIFIED_TYPE = /^([\w.+`]+)(?:\[.*\])?, ?([\w.-]+)(?:,.*)?$/;
/** `Assembly, Version=…, Culture=…`, as `Assembly.Load` takes it. */
const FULL_NAME = /^([\w.-]+), ?(?:Version|Culture|PublicKeyToken)=/;
const LIBRARY = /^[\w.+-]+\.so(?:\.\d+)*$/;

type Names = Pick<AssemblyMetadata, 'namedTypes' | 'namedLibraries'>;

/** What the texts in #US (II.24.2.4: UTF-16, each with its length before and one byte behind) name. A broken end of the heap is left out. */
export async function readNamesInTexts(heap: Piece | undefined): Promise<Names> {
  const types = new Map<string, NamedType>();
  const libraries = new Set<string>();
  const size = Math.min(heap?.size ?? 0, MAX_TEXT_BYTES);
  const bytes = heap === undefined ? new Uint8Array() : await heap.bytes(0, size, 'the texts');
  for (let at = 0; at < size && types.size < MAX_NAMES && libraries.size < MAX_NAMES;) {
    const length = lengthAt(bytes, at);
    if (length === undefined || length.next + length.value > size) break;
    at = length.next + length.value;
    if (length.value < 4 || length.value > MAX_NAME_BYTES) continue;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + length.next, length.value - 1).toString('utf16le');
    const assembly = FULL_NAME.exec(text)?.[1];
    const [, type = '', owner = ''] = QUALIFIED_TYPE.exec(text) ?? [];
    if (assembly !== undefined) types.set(`, ${assembly}`, { type: '', assembly });
    else if (owner !== '') types.set(`${type}, ${owner}`, { type, assembly: owner });
    else if (LIBRARY.test(text)) libraries.add(text);
  }
  const sorted = [...types].sort(([a], [b]) => compareBytes(a, b)).map(([, named]) => named);
  return { namedTypes: sorted, namedLibraries: [...libraries].sort(compareBytes) };
}
