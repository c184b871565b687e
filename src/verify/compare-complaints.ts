import { stripVTControlCharacters } from 'node:util';
import type { TareEvent } from '../base/events.ts';
import type { ProbeOutcome } from '../sandbox/probes/index.ts';
import { missingIn } from './missing.ts';

/** No more are remembered of one container: it may be hostile. */
const MAX_COMPLAINTS = 500;
/** In UTF-16 units; of longer lines the beginning is read. */
const MAX_LINE = 1000;

/** How programs say that something is not there. What exactly, if they name it, `missingIn` finds. */
const COMPLAINT = new RegExp(
  [
    'No such file or directory',
    'cannot open shared object file',
    'Error loading shared library',
    'symbol lookup error',
    '\\bENOENT\\b',
    'Cannot find (?:module|package)\\b',
    'MODULE_NOT_FOUND',
    'ModuleNotFoundError',
    'ImportError',
    'No module named',
    'FileNotFound(?:Error|Exception)',
    'NoSuchFileException',
    'ClassNotFoundException',
    'NoClassDefFoundError',
    'UnsatisfiedLinkError',
    'DllNotFoundException',
    'Could not load file or assembly',
    'cannot load such file',
    "Can't locate \\S+ in @INC",
    'Failed opening required',
    'executable file .{0,80}not found',
    ': (?:command )?not found$',
  ].join('|'),
  'i',
);
/** Python's last line of a traceback says what happened; those between are indented. */
const TRACEBACK = /Traceback \(most recent call last\)/;

export interface ComplaintListener {
  /** Takes what the container prints out of the events. */
  onEvent(event: TareEvent): void;
  /** So far; each line once, in order. */
  complaints(): readonly string[];
}

/** Listens to one container from its start, in bounded memory. */
export function listenForComplaints(): ComplaintListener {
  const found = new Set<string>();
  const streams = { stdout: lines(found), stderr: lines(found) };
  return {
    onEvent(event) {
      if (event.kind === 'container.output') streams[event.stream].add(event.text);
    },
    complaints() {
      for (const stream of Object.values(streams)) stream.end();
      return [...found];
    },
  };
}

/** The lines of an output that complain of something missing; each once, in order. */
export function complaintsIn(output: string): readonly string[] {
  const found = new Set<string>();
  const reader = lines(found);
  reader.add(output);
  reader.end();
  return [...found];
}

function lines(found: Set<string>): { add(text: string): void; end(): void } {
  let rest = '';
  let traceback = false;
  const read = (raw: string): void => {
    const line = stripVTControlCharacters(raw.slice(0, MAX_LINE)).trimEnd();
    const ends = traceback && line !== '' && !/^\s/.test(line);
    if (ends || COMPLAINT.test(line)) {
      traceback = false;
      if (found.size < MAX_COMPLAINTS) found.add(line);
    } else if (TRACEBACK.test(line)) traceback = true;
  };
  return {
    add(text) {
      const [first = '', ...more] = text.split('\n');
      const last = more.pop();
      rest += rest.length < MAX_LINE ? first.slice(0, MAX_LINE) : '';
      if (last === undefined) return;
      read(rest);
      more.forEach(read);
      rest = last.slice(0, MAX_LINE);
    },
    end() {
      read(rest);
      rest = '';
    },
  };
}

/** What one image printed while it was driven. */
export interface Heard {
  /** Of all that the container printed; absent: those at the end of `output` count. */
  readonly complaints?: readonly string[];
  readonly output?: string;
  readonly outcomes?: readonly ProbeOutcome[];
  readonly exec?: readonly ProbeOutcome[];
}

/** Lines in which the small image complains of what the original does not complain of: neither in the same words nor about the same things. */
export function newComplaints(original: Heard, small: Heard): readonly string[] {
  const before = complaintsOf(original);
  const known = new Set(before.map(shapeOf));
  const missing = new Set(missingIn(before.join('\n')));
  return complaintsOf(small).filter((line) => {
    if (known.has(shapeOf(line))) return false;
    const names = missingIn(line);
    return names.length === 0 || names.some((name) => !missing.has(name));
  });
}

function complaintsOf({ complaints, exec = [], outcomes = [], output = '' }: Heard): readonly string[] {
  const answers = [...outcomes, ...exec].flatMap(({ again = [], answer }) => [answer, ...again]);
  const commands = answers.flatMap((answer) => (answer?.kind === 'command' ? [answer] : []));
  const said = commands.flatMap(({ stderr, stdout }) => [stdout.text ?? '', stderr.text ?? '']);
  return [...new Set([...(complaints ?? complaintsIn(output)), ...said.flatMap(complaintsIn)])];
}

/** Without what is different each time: times, process ids, addresses, names of temporary files. */
const shapeOf = (line: string): string =>
  line
    .replaceAll(/\/tmp\/[^\s:'"]+/g, '/tmp/#')
    .replaceAll(/\b(?:0x)?[0-9a-f]{8,}\b/gi, '#')
    .replaceAll(/\d+/g, '#');
