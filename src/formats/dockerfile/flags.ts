import { closest } from './closest.ts';
import { MAX_WORDS } from './limits.ts';
import type { LogicalLine } from './lines.ts';
import { dockerfileError, shown } from './source.ts';
import type { Flag, InstructionKind } from './types.ts';

type FlagType = 'text' | 'texts' | 'boolean';

const NONE: Readonly<Record<string, FlagType>> = {};

/** Flags of each instruction (BuildKit instructions/parse.go and commands_run*.go). */
const FLAGS: Readonly<Record<InstructionKind, Readonly<Record<string, FlagType>>>> = {
  ADD: {
    chown: 'text',
    chmod: 'text',
    link: 'boolean',
    'keep-git-dir': 'boolean',
    checksum: 'text',
    unpack: 'boolean',
    exclude: 'texts',
  },
  ARG: NONE,
  CMD: NONE,
  COPY: { chown: 'text', from: 'text', chmod: 'text', link: 'boolean', exclude: 'texts', parents: 'boolean' },
  ENTRYPOINT: NONE,
  ENV: NONE,
  EXPOSE: NONE,
  FROM: { platform: 'text' },
  HEALTHCHECK: {
    interval: 'text',
    timeout: 'text',
    'start-period': 'text',
    'start-interval': 'text',
    retries: 'text',
  },
  LABEL: NONE,
  MAINTAINER: NONE,
  ONBUILD: NONE,
  RUN: { mount: 'texts', network: 'text', security: 'text', device: 'texts' },
  SHELL: NONE,
  STOPSIGNAL: NONE,
  USER: NONE,
  VOLUME: NONE,
  WORKDIR: NONE,
};

/**
 * The flags at the start of `[from, to)` and where the arguments begin. A flag ends at white space outside quotes; a word `--` ends
 * them all (BuildKit split_command.go, extractBuilderFlags).
 */
export function readFlags(
  line: LogicalLine,
  from: number,
  to: number,
  escape: string,
): { readonly flags: readonly Flag[]; readonly rest: number } {
  const { text } = line;
  const flags: Flag[] = [];
  let at = from;
  while (at < to) {
    while (at < to && isAsciiSpace(text[at])) at += 1;
    if (!(text[at] === '-' && text[at + 1] === '-' && at + 1 < to)) break;
    const start = at;
    const { word, end } = flagWord(text, at, to, escape);
    at = end;
    if (word === '--') break;
    const equals = word.indexOf('=');
    const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
    const flag = { name, bare: equals === -1, ...line.word(start, end, equals === -1 ? '' : word.slice(equals + 1)) };
    if (flags.length === MAX_WORDS)
      throw dockerfileError(line.source, flag.range, `the instruction has more than ${MAX_WORDS} flags`);
    flags.push(flag);
  }
  return { flags, rest: at };
}

function flagWord(text: string, from: number, to: number, escape: string): { word: string; end: number } {
  const parts: string[] = [];
  let at = from;
  let quote = '';
  for (; at < to && (quote !== '' || !isAsciiSpace(text[at])); at++) {
    let char = text[at] as string;
    if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    else {
      if (char === escape) {
        if (at + 1 === to) continue;
        char = text[++at] as string;
      }
      parts.push(char);
    }
  }
  return { word: parts.join(''), end: at };
}

/** BuildKit looks at bytes here: other white space does not part flags. */
function isAsciiSpace(char: string | undefined): boolean {
  return char === ' ' || (char !== undefined && char >= '\t' && char <= '\r');
}

/** Flags that were checked, by name. */
export interface CheckedFlags {
  text(name: string): string | undefined;
  texts(name: string): readonly Flag[];
  boolean(name: string): boolean | undefined;
  flag(name: string): Flag | undefined;
}

/** @throws TareError E_DOCKERFILE: unknown, given twice, without a value */
export function checkFlags(line: LogicalLine, kind: InstructionKind, flags: readonly Flag[]): CheckedFlags {
  const known = FLAGS[kind];
  const seen = new Map<string, Flag[]>();
  for (const flag of flags) {
    const type = Object.hasOwn(known, flag.name) ? known[flag.name] : undefined;
    if (type === undefined) throw unknownFlag(line, kind, flag);
    const same = seen.get(flag.name);
    if (same !== undefined && type !== 'texts')
      throw dockerfileError(line.source, flag.range, `--${flag.name} is given twice`, { hint: 'keep one of the two' });
    checkValue(line, flag, type);
    if (same === undefined) seen.set(flag.name, [flag]);
    else same.push(flag);
  }
  const one = (name: string): Flag | undefined => seen.get(name)?.[0];
  return {
    flag: one,
    text: (name) => one(name)?.value,
    texts: (name) => seen.get(name) ?? [],
    boolean: (name) => {
      const flag = one(name);
      return flag === undefined ? undefined : flag.value.toLowerCase() !== 'false';
    },
  };
}

function checkValue(line: LogicalLine, flag: Flag, type: FlagType): void {
  if (flag.bare ? type !== 'boolean' : type === 'boolean' && flag.value === '')
    throw dockerfileError(line.source, flag.range, `--${flag.name} lacks a value`, {
      hint: type === 'boolean' ? `write --${flag.name} or --${flag.name}=false` : `write --${flag.name}=VALUE`,
    });
  if (type === 'boolean' && !['', 'true', 'false'].includes(flag.value.toLowerCase()))
    throw dockerfileError(line.source, flag.range, `--${flag.name} is true or false, not ${shown(flag.value)}`, {
      hint: `write --${flag.name} or --${flag.name}=false`,
    });
}

function unknownFlag(line: LogicalLine, kind: InstructionKind, flag: Flag): Error {
  const names = Object.keys(FLAGS[kind]);
  const near = closest(flag.name, names);
  const elsewhere = Object.entries(FLAGS).filter(([, known]) => Object.hasOwn(known, flag.name));
  let hint = 'remove it';
  if (near !== undefined) hint = `did you mean --${near}?`;
  else if (elsewhere.length > 0) hint = `--${flag.name} belongs to ${elsewhere.map(([name]) => name).join(' and ')}`;
  else if (names.length > 0) hint = `${kind} knows ${names.map((name) => `--${name}`).join(', ')}`;
  return dockerfileError(line.source, flag.range, `${kind} has no flag --${shown(flag.name)}`, { hint });
}
