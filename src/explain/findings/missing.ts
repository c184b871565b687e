import { throwIfCancelled } from '../../base/context.ts';
import {
  bytesOfText,
  compareBytes,
  nameOf,
  ROOT,
  textOfBytes,
  type ByteString,
  type TreePath,
} from '../../base/path.ts';
import { libraryOf, type ElfObject, type Library } from '../../evidence/elf/library.ts';
import { firstLoaded, loaderOf, processOf, treeSettings, type TreeSettings } from '../../evidence/elf/process.ts';
import { isFound } from '../../evidence/elf/types.ts';
import type { ProcessContext } from '../../evidence/types.ts';
import { isElf } from '../../formats/elf/index.ts';
import { recordedPath } from '../../packages/record-files.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { Subject } from './subject.ts';
import type { Missing } from './types.ts';

/** Programs and libraries; what is neither executable nor named like a library is loaded by nobody. */
const LIBRARY_NAME = /\.so(?:\.[\d.]+)?$|\.node$/;
/** Beyond what real images have; the rest is not looked at. */
const MAX_OBJECTS = 50_000;
/** Names that one file asks for and that are believed. */
const MAX_NEEDS = 1024;
/** Of all files together; the rest is not looked for. */
const MAX_MISSING = 100_000;
/** Libraries of one name that are looked at. */
const MAX_SAME_NAMED = 64;
/** Of the header of the smaller class. */
const MIN_ELF_BYTES = 52;

/** `e_machine` of what a platform runs. */
const MACHINES: Readonly<Record<string, readonly number[]>> = {
  amd64: [62, 3],
  '386': [3],
  arm64: [183, 40],
  arm: [40],
  ppc64le: [21],
  s390x: [22],
  riscv64: [243],
  loong64: [258],
};

/**
 * What programs and libraries need and the image lacks: their loader, libraries, versions of symbols. Each is asked for what it names itself, found as
 * its loader would; a library that lies anywhere in the image is not lacking, since a wrapper may lead there. Files for other machines, and
 * libraries for a C library that the image does not have, are nothing that would be loaded.
 */
export async function missingParts(
  subject: Pick<Subject, 'content' | 'ctx' | 'image' | 'tree'>,
): Promise<readonly Missing[]> {
  const { content, ctx, image, tree } = subject;
  const library = libraryOf(tree, content);
  const settings = treeSettings(library);
  const context = contextOf(subject);
  const machines = MACHINES[image.config.architecture];
  const byName = filesByName(tree);
  const found: Missing[] = [];
  let objects = 0;
  for (const entry of candidates(tree)) {
    throwIfCancelled(ctx.signal);
    if (!isElf(await content.read(entry, { offset: 0, size: 4 }))) continue;
    if (++objects > MAX_OBJECTS) break;
    const object = await library.open(entry.path);
    if (object === undefined || 'broken' in object) continue;
    if (machines !== undefined && !machines.includes(object.elf.machine)) continue;
    found.push(...(await lackedBy(object, { settings, context, byName })));
    if (found.length > MAX_MISSING) break;
  }
  return found.sort(
    (a, b) => compareBytes(a.path, b.path) || compareBytes(a.library, b.library) || compareBytes(a.symbol, b.symbol),
  );
}

function contextOf({ image }: Pick<Subject, 'image'>): ProcessContext {
  const { Env = [], WorkingDir = '' } = image.config.config ?? {};
  const env = Object.fromEntries(
    Env.map((pair) => {
      const cut = pair.indexOf('=');
      return cut === -1 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)];
    }),
  );
  return { argv: [], env, cwd: recordedPath(bytesOfText(WorkingDir)) ?? ROOT };
}

function* candidates(tree: Tree): Generator<Entry> {
  for (const entry of tree.walk()) {
    if (entry.type !== 'file' || entry.size < MIN_ELF_BYTES) continue;
    if ((entry.mode & 0o111) !== 0 || LIBRARY_NAME.test(entry.path)) yield entry;
  }
}

/** Paths of what is named like a library, links too. */
function filesByName(tree: Tree): ReadonlyMap<ByteString, readonly TreePath[]> {
  const paths = new Map<ByteString, TreePath[]>();
  for (const { path, type } of tree.walk()) {
    if (type === 'directory' || !LIBRARY_NAME.test(path)) continue;
    const name = nameOf(path);
    const list = paths.get(name);
    if (list === undefined) paths.set(name, [path]);
    else list.push(path);
  }
  return paths;
}

interface Tools {
  readonly settings: TreeSettings;
  readonly context: ProcessContext;
  readonly byName: ReadonlyMap<ByteString, readonly TreePath[]>;
}

async function lackedBy(object: ElfObject, { byName, context, settings }: Tools): Promise<readonly Missing[]> {
  const { elf, entry } = object;
  if ((elf.type !== 'executable' && elf.type !== 'shared') || !elf.dynamic) return [];
  const { library } = settings;
  const path = textOfBytes(entry.path);
  const first = firstLoaded(object, entry.path);
  const process = await processOf(library, first, context);
  const opened = process.interpreter === undefined ? undefined : await library.open(process.interpreter);
  if (opened === undefined || 'broken' in opened)
    return elf.interpreter === undefined ? [] : [{ path, library: textOfBytes(elf.interpreter), symbol: '' }];
  const loader = await loaderOf(settings, process, first);
  const found: Missing[] = [];
  for (const name of [...new Set(elf.needed)].slice(0, MAX_NEEDS)) {
    const answer = await loader.find(name, first);
    const offers = isFound(answer)
      ? [answer.object]
      : await sameNamed(byName.get(nameOf(name as TreePath)), object, library);
    if (offers.length === 0) found.push({ path, library: textOfBytes(name), symbol: '' });
    else
      for (const symbol of lackedVersions(object, name, offers))
        found.push({ path, library: textOfBytes(name), symbol });
  }
  return found;
}

/** Libraries of that name for the same machine, wherever they are. */
async function sameNamed(
  paths: readonly TreePath[] | undefined,
  { elf }: ElfObject,
  library: Library,
): Promise<readonly ElfObject[]> {
  const found: ElfObject[] = [];
  for (const path of (paths ?? []).slice(0, MAX_SAME_NAMED)) {
    const opened = await library.open(path);
    if (opened !== undefined && 'elf' in opened && opened.elf.machine === elf.machine && opened.elf.class === elf.class)
      found.push(opened);
  }
  return found;
}

/** Versions that none of the libraries offers. One that defines no versions at all is taken as it is, by glibc with a warning; musl asks for none. */
function lackedVersions({ elf }: ElfObject, name: ByteString, offers: readonly ElfObject[]): readonly string[] {
  if (offers.some((offer) => offer.elf.verdef.length === 0)) return [];
  const offered = new Set(offers.flatMap((offer) => offer.elf.verdef));
  const wanted = elf.verneed
    .filter(({ file }) => file === name)
    .flatMap(({ versions, weak = [] }) => versions.filter((version) => !weak.includes(version)));
  return [...new Set(wanted)].filter((version) => !offered.has(version)).map(textOfBytes);
}
