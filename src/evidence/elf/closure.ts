import type { ByteString, TreePath } from '../../base/path.ts';
import { parentOf } from '../../base/path.ts';
import { type Found, isFound, type Loaded, type Loader, type Process } from './types.ts';

/** Objects of one process; the rest would be an attack. */
const MAX_OBJECTS = 4096;
const MAX_REQUESTS = 1 << 17;

/** How an object came to ask for another. */
interface Request {
  readonly from: Loaded;
  readonly name: ByteString;
  readonly word: 'NEEDED' | 'FILTER' | 'AUXILIARY' | 'LD_PRELOAD';
}

/** One request that was answered. `found` only for the request that made the loader search. */
export interface Answer extends Request {
  readonly to: Loaded;
  readonly found?: Found;
}

interface Unanswered extends Request {
  readonly why?: string;
}

/** The objects of a process in load order, growing. */
export interface Closure {
  readonly process: Process;
  readonly loader: Loader;
  readonly objects: readonly Loaded[];
  readonly answers: readonly Answer[];
  readonly missing: readonly Unanswered[];
  /** More objects than any real process has: the rest was left out. */
  readonly overflow: boolean;
  /** Puts an object that is there from the start, or was opened at run time, at the end. @returns the one that the process has of that file */
  add(object: Loaded): Loaded;
  request(request: Request): Promise<void>;
  /** Loads what the objects need, breadth first, as ld.so does (elf/dl-deps.c; musl: load_deps), until nothing is left. */
  settle(): Promise<void>;
}

export function createClosure(process: Process, loader: Loader): Closure {
  const objects: Loaded[] = [];
  const byName = new Map<ByteString, Loaded>();
  const byFile = new Map<TreePath, Loaded>();
  const answers: Answer[] = [];
  const missing: Unanswered[] = [];
  let settled = 0;
  let overflow = false;

  const remember = (object: Loaded, names: readonly ByteString[]): void => {
    for (const name of names) if (!byName.has(name)) byName.set(name, object);
  };

  function add(object: Loaded, requested: ByteString = object.path): Loaded {
    const same = byFile.get(object.entry.path);
    const kept = same ?? object;
    remember(kept, loader.namesOf({ ...object, elf: kept.elf }, requested));
    if (same === undefined) {
      byFile.set(object.entry.path, object);
      objects.push(object);
    }
    return kept;
  }

  async function request(wanted: Request): Promise<void> {
    if (answers.length + missing.length >= MAX_REQUESTS) {
      overflow = true;
      return;
    }
    const loaded = byName.get(wanted.name);
    if (loaded !== undefined) {
      answers.push({ ...wanted, to: loaded });
      return;
    }
    const found = await loader.find(wanted.name, wanted.from);
    if (!isFound(found)) {
      if (wanted.word !== 'AUXILIARY') missing.push({ ...wanted, ...found });
      return;
    }
    if (objects.length >= MAX_OBJECTS) {
      overflow = true;
      return;
    }
    const object = {
      ...found.object,
      path: found.path,
      origin: parentOf(found.path),
      requester: wanted.from,
      how: found.how,
    };
    answers.push({ ...wanted, to: add(object, wanted.name), found });
  }

  return {
    process,
    loader,
    objects,
    answers,
    missing,
    get overflow() {
      return overflow;
    },
    add: (object) => add(object),
    request,
    async settle() {
      for (; settled < objects.length; settled++) {
        const from = objects[settled] as Loaded;
        const { filter, auxiliary, needed } = from.elf;
        for (const name of filter) await request({ from, name, word: 'FILTER' });
        for (const name of auxiliary) await request({ from, name, word: 'AUXILIARY' });
        for (const name of needed) await request({ from, name, word: 'NEEDED' });
      }
    },
  };
}
