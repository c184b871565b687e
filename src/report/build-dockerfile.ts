import type { DockerfileResult } from '../build/dockerfile/types.ts';
import { platformText } from '../oci/platform.ts';
import { attachedLines } from './attached.ts';
import { formatSize, plural } from './format.ts';
import { lintNoteLines, type LintNoteText } from './lint/note.ts';
import { printableLine } from './lint/printable.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';
import { wrapped } from './wrap.ts';

const MIN_INSTRUCTION_COLUMNS = 40;
/** Wider tables are hard to read across. */
const MAX_TABLE_COLUMNS = 100;
/** Of the two columns with sizes, and the gaps. */
const SIZE_COLUMNS = 24;

/** The answer of `tare build -f` for people. */
export function dockerfileText(result: DockerfileResult, lint?: LintNoteText): (style: Style) => string {
  return (style) => {
    const { cache, engine, files, layers, outputs, platform, size, steps, tags } = result;
    const reasons = steps.flatMap(({ because, name }) =>
      because === undefined ? [] : [reasonText(name, because, style)],
    );
    const table = formatTable(
      [{ title: '  layer' }, { title: 'disk', align: 'right' }, { title: 'wire', align: 'right' }],
      layers.map((layer) => [
        `  ${instructionText(layer.createdBy, style)}`,
        formatSize(layer.disk),
        formatSize(layer.wire),
      ]),
      style.dim,
    );
    return [
      style.bold(result.reference),
      ...tags.slice(1).map((tag) => `  also      ${tag}`),
      `  digest    ${result.digest}`,
      `  platform  ${platformText(platform)}`,
      `  built     ${engine === 'local' ? 'on this machine' : `by ${engine}`}, ${stepsText(steps)}`,
      `  size      ${formatSize(size.disk)} on disk, ${formatSize(size.wire)} on the wire, ${plural(files, 'file')}`,
      ...outputs.map((output) => `  written   ${output}`),
      ...attachedLines(result),
      ...(cache === undefined
        ? []
        : [`  cache     ${cache.reference}, ${plural(cache.records, 'step')}, ${plural(cache.layers, 'layer')}`]),
      '',
      table,
      '',
      ...(reasons.length === 0 ? [] : [style.dim('  run again, because'), ...reasons, '']),
      style.dim(`  ${result.seconds.toFixed(2)} s`),
      ...lintNoteLines(lint, style),
    ].join('\n');
  };
}

function stepsText(steps: DockerfileResult['steps']): string {
  const cached = steps.filter((step) => step.cached).length;
  if (cached === 0) return plural(steps.length, 'step');
  return `${plural(steps.length, 'step')}, ${cached === steps.length ? 'all' : cached} of them cached`;
}

/** `  RUN make: the operation changed: …`. */
function reasonText(name: string, because: readonly string[], style: Style): string {
  return wrapped(`  ${printableLine(shortStep(name))}: ${printableLine(because.join('; '))}`, style, 4);
}

/** As people wrote it: without the shell and the marks of the builder; as much of it as the table has room for. */
function instructionText(createdBy: string, style: Style): string {
  const text = createdBy
    .replace(/ # buildkit$/, '')
    .replace(/^RUN (?:\|\d+ .*?)?\/bin\/sh -c /, 'RUN ')
    .replaceAll(/\s+/g, ' ');
  const room = Math.max(MIN_INSTRUCTION_COLUMNS, Math.min(style.width, MAX_TABLE_COLUMNS) - SIZE_COLUMNS);
  const name = text === '' ? '(unknown)' : text;
  return name.length > room ? `${name.slice(0, room - 1)}…` : name;
}

const MAX_STEP = 48; // columns

export function shortStep(text: string): string {
  const name = text.replaceAll(/\s+/g, ' ');
  return name.length > MAX_STEP ? `${name.slice(0, MAX_STEP - 1)}…` : name;
}
