import { type ByteString, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { Certainty } from '../types.ts';
import type { Closure } from './closure.ts';
import { openDirectly } from './folder-search.ts';
import { sameMachine } from './machines.ts';
import { type Found, isFound, type Loaded, type Opening } from './types.ts';

/** `dlopen` itself, and what common libraries wrap around it. */
const OPENERS = ['dlopen', 'dlmopen', 'lt_dlopen', 'lt_dlopenext', 'g_module_open', 'g_module_open_full', 'uv_dlopen'];

/** Opened only when the command line asks for it: a picture that java shows while it starts (libjli, splashscreen_stubs.c). */
const ON_REQUEST: ReadonlySet<ByteString> = new Set(['libsplashscreen.so']);

/**
 * What an object is likely to `dlopen`: it imports `dlopen`, and one of its constants names a library of the same machine that is found by a path, by its
 * run path or LD_LIBRARY_PATH, or beside it. Folders that every program shares do not count as beside: there a name proves nothing.
 */
export async function findOpenings(closure: Closure, from: Loaded): Promise<Opening[]> {
  const { library } = closure.process;
  const imports = await library.imports(from);
  const opener = OPENERS.find((name) => imports.has(name));
  if (opener === undefined) return [];
  const openings: Opening[] = [];
  for (const name of await library.libraryStrings(from)) {
    if (ON_REQUEST.has(name)) continue;
    const candidate = await resolveCandidate(closure, from, name);
    if (candidate === undefined || !isLibrary(closure, candidate.found)) continue;
    const because = `imports ${opener} and names ${showPath(name)}, ${candidate.found.how}`;
    openings.push({ from, because, ...candidate });
  }
  return openings;
}

async function resolveCandidate(
  closure: Closure,
  from: Loaded,
  name: ByteString,
): Promise<{ readonly found: Found; readonly certainty: Certainty } | undefined> {
  const composed = name.startsWith('%s/');
  const exact = composed ? {} : await closure.loader.findPrivate(name, from);
  if (isFound(exact)) return { found: exact, certainty: 'likely' };
  // Programs put a folder of their own in front of such a name; the nearest guess is the folder that they are in.
  const tail = composed ? name.slice(2) : name;
  const folder = parentOf(from.entry.path);
  if (isShared(closure, folder) || /^\/.+\//.test(name)) return undefined;
  const beside = await openDirectly(closure.process, `${folder}/${tail}`);
  return isFound(beside)
    ? { found: { ...beside, how: `found beside it in ${showPath(parentOf(beside.path))}` }, certainty: 'guess' }
    : undefined;
}

function isShared(closure: Closure, folder: TreePath): boolean {
  const { tree } = closure.process.library;
  const real = (text: ByteString): ByteString => tree.resolve(text as TreePath)?.entry.path ?? text;
  return (
    closure.loader.sharedFolders.some((shared) => real(shared) === folder) ||
    // Where the system keeps its programs there are no plug-ins either, but every library's name would be tried.
    ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].includes(folder)
  );
}

function isLibrary(closure: Closure, found: Found): boolean {
  const { elf, entry } = found.object;
  const loaded = closure.objects.some((object) => object.entry.path === entry.path);
  return !loaded && elf.type === 'shared' && elf.dynamic && sameMachine(elf, closure.process.abi);
}
