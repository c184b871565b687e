import {
  buildArg,
  buildCmd,
  buildEntrypoint,
  buildEnv,
  buildExpose,
  buildFrom,
  buildHealthcheck,
  buildLabel,
  buildMaintainer,
  buildShell,
  buildStopsignal,
  buildUser,
  buildVolume,
  buildWorkdir,
} from './builders.ts';
import { closest } from './closest.ts';
import { common, fail, missing, type Draft } from './draft.ts';
import { buildAdd, buildCopy } from './files.ts';
import { checkFlags, readFlags } from './flags.ts';
import { readHeredocs } from './heredocs.ts';
import type { LineReader, LogicalLine } from './lines.ts';
import { buildRun, withHeredocs } from './run.ts';
import { dockerfileError, isBlank, shown } from './source.ts';
import type { Comment, Heredoc, Instruction, InstructionKind, OnbuildInstruction } from './types.ts';
import { jsonWords, spanOf, type Span } from './words.ts';

type Builder = (draft: Draft) => Instruction;

const BUILDERS: Readonly<Record<Exclude<InstructionKind, 'ONBUILD'>, Builder>> = {
  ADD: buildAdd,
  ARG: buildArg,
  CMD: buildCmd,
  COPY: buildCopy,
  ENTRYPOINT: buildEntrypoint,
  ENV: buildEnv,
  EXPOSE: buildExpose,
  FROM: buildFrom,
  HEALTHCHECK: buildHealthcheck,
  LABEL: buildLabel,
  MAINTAINER: buildMaintainer,
  RUN: buildRun,
  SHELL: buildShell,
  STOPSIGNAL: buildStopsignal,
  USER: buildUser,
  VOLUME: buildVolume,
  WORKDIR: buildWorkdir,
};

export const INSTRUCTION_KINDS: readonly InstructionKind[] = [
  ...(Object.keys(BUILDERS) as Exclude<InstructionKind, 'ONBUILD'>[]),
  'ONBUILD',
];

const EXEC_FORM: readonly InstructionKind[] = ['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'RUN', 'SHELL', 'VOLUME'];
const WITH_HEREDOCS: readonly InstructionKind[] = ['ADD', 'COPY', 'RUN'];
const NO_TRIGGERS: readonly InstructionKind[] = ['FROM', 'MAINTAINER', 'ONBUILD'];

/** The instruction on the line; its heredocs are taken from the reader. @throws TareError E_DOCKERFILE */
export function readInstruction(reader: LineReader, line: LogicalLine, comments: readonly Comment[]): Instruction {
  const draft = readDraft(reader, line, spanOf(line, 0, line.text.length), comments);
  return draft.kind === 'ONBUILD' ? buildOnbuild(draft) : BUILDERS[draft.kind](draft);
}

function readDraft(
  reader: LineReader,
  line: LogicalLine,
  span: Span,
  comments: readonly Comment[],
): Draft & { readonly kind: InstructionKind } {
  let end = span.from;
  while (end < span.to && !isBlank(line.text[end])) end += 1;
  const keyword = line.word(span.from, end);
  const kind = kindOf(line, keyword.value, span);
  const { flags, rest } = readFlags(line, end, span.to, reader.escape);
  const args = spanOf(line, rest, span.to);
  const json = EXEC_FORM.includes(kind) ? jsonWords(line, args) : undefined;
  const heredocs = WITH_HEREDOCS.includes(kind) && typeof json !== 'object' ? readHeredocs(reader, line) : [];
  return {
    kind,
    reader,
    line,
    keyword,
    flags,
    args,
    json,
    heredocs,
    text: line.text.slice(span.from, span.to),
    comments,
    range: spread(line, span, heredocs),
    checked: () => checkFlags(line, kind, flags),
  };
}

function spread(line: LogicalLine, span: Span, heredocs: readonly Heredoc[]) {
  const { start, end } = line.range(span.from, span.to);
  return { start, end: heredocs.at(-1)?.terminator.end ?? end };
}

function kindOf(line: LogicalLine, word: string, span: Span): InstructionKind {
  const kind = word.toUpperCase();
  const known = INSTRUCTION_KINDS.find((name) => name === kind);
  if (known !== undefined) return known;
  if (word === '')
    throw dockerfileError(line.source, line.range(span.from, span.to), 'nothing is continued here', {
      hint: 'remove the escape at the end of the line',
    });
  const near = closest(word, INSTRUCTION_KINDS);
  throw dockerfileError(line.source, line.range(span.from, span.to), `there is no instruction ${shown(word)}`, {
    hint: near === undefined ? `instructions are ${[...INSTRUCTION_KINDS].sort().join(', ')}` : `did you mean ${near}?`,
  });
}

function buildOnbuild(draft: Draft): OnbuildInstruction {
  const { line, args } = draft;
  if (args.from >= args.to) throw missing(draft, 'ONBUILD', 'INSTRUCTION');
  draft.checked();
  const [word = ''] = /^[^\t\v\f\r ]+/.exec(line.text.slice(args.from, args.to)) ?? [];
  const refused = NO_TRIGGERS.find((kind) => kind === word.toUpperCase());
  if (refused !== undefined)
    throw fail(
      draft,
      `${refused} cannot wait for a later build`,
      'ONBUILD takes every instruction but FROM, MAINTAINER and ONBUILD',
      line.range(args.from, args.to),
    );
  const waiting = readDraft(draft.reader, line, args, []);
  if (waiting.kind === 'ONBUILD') throw new Error('a trigger that was refused came back');
  return {
    ...common(draft, 'ONBUILD'),
    range: { start: draft.range.start, end: waiting.range.end },
    trigger: BUILDERS[waiting.kind](waiting),
    expression: withHeredocs(line.text.slice(args.from), waiting.heredocs),
  };
}
