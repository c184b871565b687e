import { TareError } from '../../base/error.ts';
import { contentStart, detectSyntax, readDirectives } from './directives.ts';
import { readInstruction } from './instruction.ts';
import { MAX_INSTRUCTIONS } from './limits.ts';
import { commentAt, readLogicalLine, skipSpace, warn, type LineReader } from './lines.ts';
import { createSource, dockerfileError, type Source } from './source.ts';
import type { ArgInstruction, Comment, Dockerfile, FromInstruction, Instruction, Stage } from './types.ts';

export interface ParseOptions {
  /** Names the file in messages. */
  readonly file: string;
  /** What two stages of one name are: an error, unless 'warn' (BuildKit lets the later one win, with a warning). */
  readonly duplicateStages?: 'refuse' | 'warn';
}

/**
 * Reads a Dockerfile as BuildKit does (moby/buildkit v0.34.2, frontend/dockerfile/parser and instructions); nothing is expanded.
 * Time and memory grow with the text.
 * @throws TareError E_DOCKERFILE with `FILE:LINE: the line : what is wrong`; E_LIMIT
 */
export function parseDockerfile(text: string, options: ParseOptions): Dockerfile {
  const source = createSource(options.file, text);
  const { directives, escape, next } = readDirectives(source);
  refuseForeign(source);
  const reader: LineReader = { source, comments: [], warnings: [], escape, next };
  const instructions = readInstructions(reader);
  const { globals, stages } = readStages(reader, instructions, options.duplicateStages ?? 'refuse');
  return {
    file: options.file,
    text,
    escape,
    directives,
    comments: reader.comments,
    globals,
    stages,
    instructions,
    warnings: reader.warnings,
  };
}

/** `// syntax=` and JSON are for frontends of another language. */
function refuseForeign(source: Source): void {
  const start = contentStart(source.text);
  const first = source.text.startsWith('#!', start) ? (source.lines[0]?.next ?? start) : start;
  if (!/^\s*(?:\/\/|\{)/.test(source.text.slice(first, first + 1000))) return;
  const syntax = detectSyntax(source.text, { file: source.file });
  if (syntax === undefined || syntax.sign === '#') return;
  throw dockerfileError(source, source.range(first, first), 'it is written for another frontend, not as a Dockerfile', {
    hint: `build it with BuildKit, which runs ${syntax.reference}`,
  });
}

function readInstructions(reader: LineReader): Instruction[] {
  const { source } = reader;
  const instructions: Instruction[] = [];
  let above: Comment[] = [];
  while (reader.next < source.lines.length) {
    const line = source.lines[reader.next];
    if (line === undefined) break;
    const begin = line.start === 0 ? contentStart(source.text) : line.start;
    const start = skipSpace(source.text, begin, line.end);
    if (start === line.end) reader.next += 1;
    else if (source.text[start] === '#') {
      const comment = commentAt(source, start, line.end);
      reader.comments.push(comment);
      above = comment.text === '' ? [] : [...above.slice(-MAX_COMMENTS_ABOVE), comment];
      reader.next += 1;
    } else {
      if (instructions.length === MAX_INSTRUCTIONS)
        throw new TareError('E_LIMIT', `${source.file} has more than ${MAX_INSTRUCTIONS} instructions`);
      const logical = readLogicalLine(reader, start);
      instructions.push(readInstruction(reader, logical, above));
      above = [];
    }
  }
  return instructions;
}

/** More comment lines than anybody writes above one instruction. */
const MAX_COMMENTS_ABOVE = 100;

function readStages(
  reader: LineReader,
  instructions: readonly Instruction[],
  duplicates: 'refuse' | 'warn',
): { readonly globals: ArgInstruction[]; readonly stages: Stage[] } {
  const { source } = reader;
  const globals: ArgInstruction[] = [];
  const open: { from: FromInstruction; instructions: Instruction[] }[] = [];
  const names = new Map<string, number>();
  for (const node of instructions) {
    const current = open.at(-1);
    if (node.kind === 'FROM') {
      const name = node.name?.value.toLowerCase();
      const line = name === undefined ? undefined : names.get(name);
      if (line !== undefined && node.name !== undefined) {
        if (duplicates === 'refuse')
          throw dockerfileError(source, node.name.range, `the stage ${name} exists already, in line ${line}`, {
            hint: 'give one of the two another name',
          });
        warn(reader, {
          rule: 'DuplicateStageName',
          message: `the stage ${name} exists already, in line ${line}`,
          range: node.name.range,
        });
      }
      if (name !== undefined) names.set(name, node.range.start.line);
      open.push({ from: node, instructions: [] });
    } else if (current !== undefined) current.instructions.push(node);
    else if (node.kind === 'ARG') globals.push(node);
    else
      throw dockerfileError(source, node.keyword.range, `${node.kind} stands before the first FROM`, {
        hint: 'begin with FROM IMAGE; only ARG may stand before it',
      });
  }
  if (open.length === 0) throw noStage(reader, instructions);
  return { globals, stages: open.map((stage, index) => closeStage(stage.from, stage.instructions, index)) };
}

function noStage(reader: LineReader, instructions: readonly Instruction[]): Error {
  const end = instructions.at(-1)?.range ?? reader.source.range(0, 0);
  return dockerfileError(
    reader.source,
    end,
    instructions.length === 0 ? 'the file holds no instruction' : 'there is no FROM',
    {
      hint: 'begin with FROM IMAGE, or FROM scratch',
    },
  );
}

function closeStage(from: FromInstruction, instructions: readonly Instruction[], index: number): Stage {
  const last = instructions.at(-1) ?? from;
  return {
    index,
    ...(from.name === undefined ? {} : { name: from.name.value.toLowerCase() }),
    from,
    instructions,
    range: { start: from.range.start, end: last.range.end },
  };
}
