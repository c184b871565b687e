import type { DockerfileResult } from '../build/dockerfile/types.ts';
import { formatSize, plural } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** The answer of `tare build --file compose.yaml`: one row a service. */
export function systemBuildText(
  rows: readonly (DockerfileResult & { readonly service: string })[],
): (style: Style) => string {
  return (style) =>
    formatTable(
      [
        { title: 'service' },
        { title: 'image', gives: true },
        { title: 'disk', align: 'right' },
        { title: 'wire', align: 'right' },
        { title: 'layers', align: 'right' },
        { title: 'digest' },
      ],
      rows.map(({ digest, layers, reference, service, size }) => [
        service,
        reference,
        formatSize(size.disk),
        formatSize(size.wire),
        String(layers.length),
        digest.slice(7, 19),
      ]),
      style.bold,
      style,
    ) + `\n${style.dim(plural(rows.length, 'service'))}`;
}
