import { sha256 } from '../../base/digest.ts';
import type { ByteString, TreePath } from '../../base/path.ts';
import type { ElfFile } from '../../formats/elf/index.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { type Library, libraryOf } from '../elf/library.ts';
import { type Facts, learn } from '../facts.ts';
import type { EvidenceGraph } from '../types.ts';

/** A program or shared library that is kept. */
export interface KeptProgram {
  readonly path: TreePath;
  readonly entry: Entry;
  readonly elf: ElfFile;
}

/** The ELF files that are kept, in byte order, each read at most once. */
export interface KeptPrograms {
  all(): Promise<readonly KeptProgram[]>;
  /** Names of undefined dynamic symbols; none when the table is broken. */
  imports(program: KeptProgram): Promise<ReadonlySet<ByteString>>;
  /** Which of the texts stand somewhere in the constants of the program. */
  mentions(program: KeptProgram, texts: readonly ByteString[]): Promise<ReadonlySet<ByteString>>;
}

const PT_LOAD = 1;
const CHUNK_BYTES = 4 * 1024 * 1024; // 4 MiB
/** Searched at most, per program. */
const MAX_SEARCH_BYTES = 512 * 1024 * 1024; // 512 MiB
/** A library, an addon; everything else must be executable to be worth a look. */
const LIBRARY_NAME = /\.so(?:\.[0-9.]+)?$|\.node$/;

export function keptPrograms({
  content,
  facts,
  graph,
  tree,
}: {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly graph: EvidenceGraph;
  readonly facts?: Facts;
}): KeptPrograms {
  let all: Promise<readonly KeptProgram[]> | undefined;
  const library = libraryOf(tree, content, facts);
  return {
    all: () => (all ??= openAll(tree, library, graph)),
    imports: (program) => library.imports(program),
    mentions: async (program, texts) => {
      const question = `elf mentions ${sha256(texts.join('\0'))}`;
      return new Set(
        await learn(facts, program.entry, question, async () => [...(await search(content, program, texts))]),
      );
    },
  };
}

async function openAll(tree: Tree, library: Library, graph: EvidenceGraph): Promise<KeptProgram[]> {
  const programs: KeptProgram[] = [];
  let before: TreePath | undefined;
  for (const path of graph.edges.map((edge) => edge.to).sort()) {
    const entry = path === before ? undefined : tree.get(path);
    before = path;
    if (entry?.content === undefined || entry.size < 4) continue;
    if ((entry.mode & 0o111) === 0 && !LIBRARY_NAME.test(path)) continue;
    const opened = await library.open(path);
    if (opened !== undefined && 'elf' in opened) programs.push({ path, ...opened });
  }
  return programs;
}

/** Constants lie in what is loaded and not written to. They need not end in NUL: Go's lie side by side. */
async function search(
  content: ContentReader,
  { elf, entry }: KeptProgram,
  texts: readonly ByteString[],
): Promise<ReadonlySet<ByteString>> {
  const found = new Set<ByteString>();
  const needles = texts.map((text) => ({ text, bytes: Buffer.from(text, 'latin1') }));
  const overlap = Math.max(0, ...needles.map(({ bytes }) => bytes.length - 1));
  let left = MAX_SEARCH_BYTES;
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD || segment.writable || !segment.readable) continue;
    const end = Math.min(segment.offset + Math.min(segment.size, left), entry.size);
    left -= Math.max(0, end - segment.offset);
    for (let at = segment.offset; at < end && found.size < needles.length; at += CHUNK_BYTES) {
      const size = Math.min(CHUNK_BYTES + overlap, end - at);
      const read = await content.read(entry, { offset: at, size });
      const chunk = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
      for (const { bytes, text } of needles) if (!found.has(text) && chunk.includes(bytes)) found.add(text);
    }
  }
  return found;
}
