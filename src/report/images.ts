import type { StoredImage } from '../ship/store.ts';
import { formatSize, shortDigest } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** Of an RFC 3339 time; the rest is in the JSON. */
const DATE_CHARS = 'YYYY-MM-DD'.length;

export function imagesText(rows: readonly StoredImage[]): (style: Style) => string {
  return (style) => {
    if (rows.length === 0) return style.dim('no images yet: make one with `tare build DIR`');
    const disk = rows.some((row) => row.size.disk !== null);
    return formatTable(
      [
        { title: 'name', gives: true },
        { title: 'digest' },
        { title: 'platform' },
        ...(disk ? [{ title: 'disk', align: 'right' as const }] : []),
        { title: 'wire', align: 'right' },
        { title: 'layers', align: 'right' },
        { title: 'created' },
      ],
      rows.map((row) => [
        row.reference,
        shortDigest(row.digest),
        row.platform === null ? '' : [row.platform.os, row.platform.architecture].join('/'),
        ...(disk ? [row.size.disk === null ? '' : formatSize(row.size.disk)] : []),
        formatSize(row.size.wire),
        String(row.layers),
        (row.created ?? '').slice(0, DATE_CHARS),
      ]),
      style.dim,
      style,
    );
  };
}
