import { common, commandLine, fail, isEmpty, listed, missing, onlyWord, type Draft } from './draft.ts';
import { parseDuration } from './durations.ts';
import { skipSpace, warn } from './lines.ts';
import { shown } from './source.ts';
import type {
  ArgInstruction,
  CmdInstruction,
  EntrypointInstruction,
  EnvInstruction,
  ExposeInstruction,
  FromInstruction,
  HealthcheckInstruction,
  KeyValue,
  LabelInstruction,
  MaintainerInstruction,
  ShellInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  Word,
  WorkdirInstruction,
} from './types.ts';
import { blankWords, jsonWords, quotedSpans, spanOf, wordOf, type Span } from './words.ts';

const STAGE_NAME = /^[a-z][a-z0-9\-_.]*$/;
const MIN_INTERVAL = 1_000_000; // 1 ms, in ns
const MAX_RETRIES = 0x7fff_ffff;

export function buildFrom(draft: Draft): FromInstruction {
  const flags = draft.checked();
  const [image, as, name, more] = blankWords(draft.line, draft.args);
  if (image === undefined) throw missing(draft, 'FROM', 'IMAGE [AS NAME]');
  const platform = flags.text('platform');
  const node = { ...common(draft, 'FROM'), image, ...(platform === undefined ? {} : { platform }) };
  if (as === undefined) return node;
  if (as.value.toLowerCase() !== 'as' || name === undefined || more !== undefined)
    throw fail(draft, 'FROM takes an image, and AS with a name', 'write FROM IMAGE [AS NAME]', (more ?? as).range);
  if (!STAGE_NAME.test(name.value.toLowerCase()))
    throw fail(
      draft,
      `${shown(name.value)} cannot name a stage`,
      'begin with a letter; letters, digits, -, _ and . may follow',
      name.range,
    );
  return { ...node, as, name };
}

export function buildArg(draft: Draft): ArgInstruction {
  ignoreFlags(draft, 'ARG');
  const args = quotedSpans(draft.line, draft.args, draft.reader.escape).map((span) => {
    const [key, value] = halves(draft, span);
    const range = draft.line.range(span.from, span.to);
    if (key.value === '') throw fail(draft, 'an ARG has no name', 'write ARG NAME[=DEFAULT]', range);
    return { key, ...(value === undefined ? {} : { value }), range };
  });
  if (args.length === 0) throw missing(draft, 'ARG', 'NAME[=DEFAULT]');
  return { ...common(draft, 'ARG'), args };
}

export function buildEnv(draft: Draft): EnvInstruction {
  return { ...common(draft, 'ENV'), pairs: keyValues(draft, 'ENV') };
}

export function buildLabel(draft: Draft): LabelInstruction {
  return { ...common(draft, 'LABEL'), pairs: keyValues(draft, 'LABEL') };
}

/** The word's two sides of its first '='; no second one without '='. */
function halves({ line }: Draft, span: Span): readonly [Word, Word | undefined] {
  const { from, to } = span;
  const equals = line.text.slice(from, to).indexOf('=');
  if (equals === -1) return [wordOf(line, span), undefined];
  return [line.word(from, from + equals), line.word(from + equals + 1, to)];
}

function keyValues(draft: Draft, kind: 'ENV' | 'LABEL'): KeyValue[] {
  draft.checked();
  const spans = quotedSpans(draft.line, draft.args, draft.reader.escape);
  const [first] = spans;
  if (first === undefined) throw missing(draft, kind, 'NAME=VALUE');
  if (!draft.line.text.slice(first.from, first.to).includes('=')) return [legacyPair(draft, kind)];
  return spans.map((span) => {
    const [key, value] = halves(draft, span);
    const range = draft.line.range(span.from, span.to);
    if (value === undefined)
      throw fail(draft, `${shown(key.value)} has no =`, 'write NAME=VALUE; put a value with blanks in quotes', range);
    if (key.value === '') throw fail(draft, `${kind} has a pair without a name`, 'write NAME=VALUE', range);
    return { key, value, legacy: false, range };
  });
}

/** `ENV KEY all the rest`. */
function legacyPair(draft: Draft, kind: 'ENV' | 'LABEL'): KeyValue {
  const { line, args } = draft;
  const match = /[\t\v\f\r ]+/.exec(line.text.slice(args.from, args.to));
  if (match === null)
    throw fail(draft, `${kind} lacks a value`, `write ${kind} NAME=VALUE`, line.range(args.from, args.to));
  const end = args.from + match.index;
  return {
    key: line.word(args.from, end),
    value: line.word(end + match[0].length, args.to),
    legacy: true,
    range: line.range(args.from, args.to),
  };
}

/** BuildKit never looks at the flags of these. */
function ignoreFlags(draft: Draft, kind: 'ARG' | 'STOPSIGNAL' | 'HEALTHCHECK NONE'): void {
  const [flag] = draft.flags;
  if (flag === undefined) return;
  warn(draft.reader, { rule: 'IgnoredFlag', message: `${kind} has no flags: this one is ignored`, range: flag.range });
}

function warnEmpty(draft: Draft, kind: string): void {
  if (isEmpty(draft.args))
    warn(draft.reader, {
      rule: 'EmptyCommand',
      message: `${kind} has no command: the shell gets an empty one`,
      range: draft.range,
    });
}

export function buildCmd(draft: Draft): CmdInstruction {
  draft.checked();
  warnEmpty(draft, 'CMD');
  return { ...common(draft, 'CMD'), ...commandLine(draft) };
}

export function buildEntrypoint(draft: Draft): EntrypointInstruction {
  draft.checked();
  warnEmpty(draft, 'ENTRYPOINT');
  return { ...common(draft, 'ENTRYPOINT'), ...commandLine(draft) };
}

export function buildShell(draft: Draft): ShellInstruction {
  draft.checked();
  const command = commandLine(draft);
  if (command.form === 'shell' || command.words.length === 0)
    throw fail(draft, 'SHELL takes a JSON array of strings', 'write SHELL ["/bin/sh", "-c"]');
  return { ...common(draft, 'SHELL'), ...command };
}

export function buildHealthcheck(draft: Draft): HealthcheckInstruction {
  const { line, args } = draft;
  let end = args.from;
  while (end < args.to && skipSpace(line.text, end, end + 1) === end) end += 1;
  const type = line.text.slice(args.from, end).toUpperCase();
  const rest = spanOf(line, end, args.to);
  if (type === '') throw missing(draft, 'HEALTHCHECK', 'CMD COMMAND, or HEALTHCHECK NONE');
  if (type === 'NONE') {
    ignoreFlags(draft, 'HEALTHCHECK NONE');
    if (!isEmpty(rest))
      throw fail(draft, 'HEALTHCHECK NONE takes no arguments', 'remove them', line.range(rest.from, rest.to));
    return { ...common(draft, 'HEALTHCHECK'), check: { type } };
  }
  const flags = draft.checked();
  if (type !== 'CMD')
    throw fail(
      draft,
      `HEALTHCHECK knows CMD and NONE, not ${shown(type)}`,
      `write HEALTHCHECK CMD ${shown(line.text.slice(args.from, args.to))}`,
      line.range(args.from, end),
    );
  const command = commandLine(draft, rest, jsonWords(line, rest));
  if (isEmpty(rest) || (command.form === 'exec' && command.words.length === 0))
    throw fail(draft, 'HEALTHCHECK CMD lacks its command', 'write HEALTHCHECK CMD COMMAND');
  return {
    ...common(draft, 'HEALTHCHECK'),
    check: {
      type: 'CMD',
      ...command,
      interval: duration(draft, 'interval'),
      timeout: duration(draft, 'timeout'),
      startPeriod: duration(draft, 'start-period'),
      startInterval: duration(draft, 'start-interval'),
      retries: retries(draft, flags.text('retries') ?? ''),
    },
  };
}

function duration(draft: Draft, name: string): number {
  const flag = draft.flags.find((other) => other.name === name);
  if (flag === undefined || flag.value === '') return 0;
  const value = parseDuration(flag.value);
  if (value === undefined || (value !== 0 && value < MIN_INTERVAL))
    throw fail(
      draft,
      `--${name} is ${value === undefined ? 'no duration' : 'below 1ms'}: ${shown(flag.value)}`,
      `write --${name}=30s, or 1m30s`,
      flag.range,
    );
  return value;
}

function retries(draft: Draft, text: string): number {
  if (text === '') return 0;
  const value = /^[+-]?\d+$/.test(text) ? Number(text) + 0 : -1;
  if (value < 0 || value > MAX_RETRIES)
    throw fail(draft, `--retries is not a number from 0: ${shown(text)}`, 'write --retries=3');
  return value;
}

export function buildExpose(draft: Draft): ExposeInstruction {
  const ports = blankWords(draft.line, draft.args);
  if (ports.length === 0) throw missing(draft, 'EXPOSE', '8080[/tcp]');
  draft.checked();
  return { ...common(draft, 'EXPOSE'), ports };
}

export function buildVolume(draft: Draft): VolumeInstruction {
  draft.checked();
  const { form, words } = listed(draft);
  if (words.length === 0) throw missing(draft, 'VOLUME', '/path');
  const paths = words.map((word) => {
    const value = word.value.trim();
    if (value === '') throw fail(draft, 'VOLUME has an empty path', 'name a folder', word.range);
    return { ...word, value };
  });
  return { ...common(draft, 'VOLUME'), form, paths };
}

export function buildWorkdir(draft: Draft): WorkdirInstruction {
  draft.checked();
  return { ...common(draft, 'WORKDIR'), path: onlyWord(draft, 'WORKDIR', '/path') };
}

export function buildUser(draft: Draft): UserInstruction {
  draft.checked();
  return { ...common(draft, 'USER'), user: onlyWord(draft, 'USER', 'NAME[:GROUP]') };
}

export function buildStopsignal(draft: Draft): StopsignalInstruction {
  ignoreFlags(draft, 'STOPSIGNAL');
  return { ...common(draft, 'STOPSIGNAL'), signal: onlyWord(draft, 'STOPSIGNAL', 'SIGTERM') };
}

export function buildMaintainer(draft: Draft): MaintainerInstruction {
  draft.checked();
  return { ...common(draft, 'MAINTAINER'), name: onlyWord(draft, 'MAINTAINER', 'NAME') };
}
