/** Where a text stands in marshalled bytes: from its type to its end. */
export interface MarshalText {
  readonly start: number;
  readonly end: number;
  /** Its characters alone begin here. */
  readonly text: number;
}

/** Of a code object (Python/marshal.c, `r_object`): numbers of four bytes, objects before the file's name, objects between it and the first line, objects behind that. */
type CodeLayout = readonly [numbers: number, before: number, between: number, behind: number];

/** The layouts by the magic number that they came with; the last one whose number is not larger counts. */
const LAYOUTS: readonly (readonly [magic: number, layout: CodeLayout])[] = [
  [3394, [5, 6, 1, 1]], // 3.7
  [3410, [6, 6, 1, 1]], // 3.8: co_posonlyargcount
  [3457, [5, 5, 2, 2]], // 3.11: localsplusnames and -kinds; qualname; exceptiontable
];
/** Magic numbers of 3.11's first alphas have layouts that no release has. */
const UNRELEASED = [3450, 3457] as const;

/** What is still to be read: so many objects, the name of a file, pairs until a null, or so many bytes. */
type Task =
  | { readonly read: 'objects' | 'bytes'; readonly count: number }
  | { readonly read: 'name' }
  | { readonly read: 'pairs' };

const REFERRED = 0x80;
const NUMBER = 4; // bytes
const char = (text: string): number => text.charCodeAt(0);
const NULL = char('0');
/** Types by the bytes behind them, where that is a number of their own. */
const FIXED = new Map(
  Object.entries({ N: 0, F: 0, T: 0, S: 0, '.': 0, 0: 0, i: 4, I: 8, g: 8, y: 16, r: 4 }).map(([type, size]) => [
    char(type),
    size,
  ]),
);
const TEXTS_SHORT = new Set(Buffer.from('zZ'));
const TEXTS_LONG = new Set(Buffer.from('aAut'));
const SEQUENCES = new Set(Buffer.from('([<>'));

/**
 * The names of source files in a marshalled module (`co_filename` of its code objects); those that refer to an earlier one are not listed again. Undefined for what
 * is not marshalled code of a Python that is known here.
 *
 * @param bytes what is behind the header, from `at` on
 * @param magic of the header
 */
export function codeFileNames(bytes: Buffer, at: number, magic: number): readonly MarshalText[] | undefined {
  if (magic >= UNRELEASED[0] && magic < UNRELEASED[1]) return undefined;
  const layout = LAYOUTS.findLast(([first]) => first <= magic)?.[1];
  if (layout === undefined) return undefined;
  const names: MarshalText[] = [];
  try {
    return walk(bytes, at, layout, names) === bytes.length ? names : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // an end before the end
    throw error;
  }
}

function walk(bytes: Buffer, from: number, layout: CodeLayout, names: MarshalText[]): number {
  const tasks: Task[] = [{ read: 'objects', count: 1 }];
  let at = from;
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if (task.read === 'bytes') {
      at += task.count;
      continue;
    }
    if (task.read === 'objects') {
      if (task.count === 0) continue;
      if (task.count > bytes.length - at) throw new RangeError('more objects than bytes');
      tasks.push({ read: 'objects', count: task.count - 1 });
    }
    const start = at;
    const type = bytes.readUInt8(at) & ~REFERRED;
    at += 1;
    if (task.read === 'pairs') {
      if (type === NULL) continue;
      tasks.push(task, { read: 'objects', count: 1 });
    }
    const fixed = FIXED.get(type);
    if (fixed !== undefined) at += fixed;
    else if (TEXTS_SHORT.has(type) || TEXTS_LONG.has(type)) {
      const text = at + (TEXTS_SHORT.has(type) ? 1 : NUMBER);
      at = text + (TEXTS_SHORT.has(type) ? bytes.readUInt8(at) : bytes.readUInt32LE(at));
      if (task.read === 'name') names.push({ start, text, end: at });
    } else if (type === char('s')) at += NUMBER + bytes.readUInt32LE(at);
    else if (type === char('l')) at += NUMBER + 2 * Math.abs(bytes.readInt32LE(at));
    else if (SEQUENCES.has(type)) {
      tasks.push({ read: 'objects', count: bytes.readUInt32LE(at) });
      at += NUMBER;
    } else if (type === char(')')) {
      tasks.push({ read: 'objects', count: bytes.readUInt8(at) });
      at += 1;
    } else if (type === char(':')) tasks.push({ read: 'objects', count: 3 });
    else if (type === char('{')) tasks.push({ read: 'pairs' });
    else if (type === char('c')) {
      const [numbers, before, between, behind] = layout;
      tasks.push(
        { read: 'objects', count: behind },
        { read: 'bytes', count: NUMBER },
        { read: 'objects', count: between },
        { read: 'name' },
        { read: 'objects', count: before },
      );
      at += numbers * NUMBER;
    } else throw new RangeError('no type of an object');
  }
  return at;
}
