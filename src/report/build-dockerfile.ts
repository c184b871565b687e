import type { DockerfileResult } from '../build/dockerfile/types.ts';
import { platformText } from '../oci/platform.ts';
import { formatSize, plural } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

const MAX_INSTRUCTION = 48;

/** The answer of `tare build -f` for people. */
export function dockerfileText(result: DockerfileResult): (style: Style) => string {
  return (style) => {
    const { engine, files, layers, outputs, platform, size, steps, tags } = result;
    const cached = steps.filter((step) => step.cached).length;
    const table = formatTable(
      [{ title: '  layer' }, { title: 'disk', align: 'right' }, { title: 'wire', align: 'right' }],
      layers.map((layer) => [`  ${shortened(layer.createdBy)}`, formatSize(layer.disk), formatSize(layer.wire)]),
      style.dim,
    );
    return [
      style.bold(result.reference),
      ...tags.slice(1).map((tag) => `  also      ${tag}`),
      `  digest    ${result.digest}`,
      `  platform  ${platformText(platform)}`,
      `  built     ${plural(steps.length, 'step')}, ${cached} of them known, by ${engine}`,
      `  size      ${formatSize(size.disk)} on disk, ${formatSize(size.wire)} on the wire, ${plural(files, 'file')}`,
      ...outputs.map((output) => `  written   ${output}`),
      '',
      table,
      '',
      style.dim(`  ${result.seconds.toFixed(2)} s`),
    ].join('\n');
  };
}

/** As people wrote it: without the shell and the marks of the builder. */
function shortened(createdBy: string): string {
  const text = createdBy
    .replace(/ # buildkit$/, '')
    .replace(/^RUN (?:\|\d+ .*?)?\/bin\/sh -c /, 'RUN ')
    .replaceAll(/\s+/g, ' ');
  const name = text === '' ? '(unknown)' : text;
  return name.length > MAX_INSTRUCTION ? `${name.slice(0, MAX_INSTRUCTION - 1)}…` : name;
}
