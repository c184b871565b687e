import type { ImageDiff } from '../../explain/diff/types.ts';
import { formatChange, formatSize, plural, signedSize } from '../format.ts';
import { onOneLine } from '../printable.ts';
import type { Style } from '../style.ts';
import { wrapped } from '../wrap.ts';
import { diffLayerTable } from './layers.ts';
import { diffPackageTable } from './packages.ts';
import { diffPathTable } from './paths.ts';
import { diffSettingTable } from './settings.ts';
import { isDated } from './table.ts';

/**
 * What changed, for people: the sums, then packages, paths, settings and layers, the largest changes first. Paths of which only the times differ are counted
 * and not named, while there are others.
 * @param limit rows of each list at most; 0: all
 */
export function diffText(found: ImageDiff, limit: number): (style: Style) => string {
  return (style) =>
    [
      headOf(found, style),
      diffPackageTable(found, { limit, style }),
      diffPathTable(found, { limit, style }),
      diffSettingTable(found, { limit, style }),
      diffLayerTable(found, { limit, style }),
    ]
      .filter((part) => part !== '')
      .join('\n\n');
}

function headOf(found: ImageDiff, style: Style): string {
  const { after, before, packages } = found;
  const versions = [
    ...counted(packages.added.length, 'added'),
    ...counted(packages.removed.length, 'removed'),
    ...counted(packages.changed.length, 'in another version'),
  ];
  const facts = [
    ['disk', sizeLine(before.size.disk, after.size.disk)],
    ['wire', wireLine(before.size.wire, after.size.wire)],
    ['files', filesLine(found)],
    ['packages', versions.join(', ')],
    ['settings', found.config.length === 0 ? '' : `${found.config.length} differ`],
    ['layers', layersLine(found)],
    ['digests', found.verified ? '' : 'not checked: plain layers were read by their headers alone'],
    ['left out', found.semantic ? 'times, annotations, the order in archives, how layers are cut and compressed' : ''],
  ] as const;
  return [
    style.bold(`${onOneLine(before.reference)} → ${onOneLine(after.reference)}`),
    ...(found.different ? [] : ['  no difference']),
    ...facts
      .filter(([, text]) => text !== '')
      .map(([name, text]) => wrapped(`  ${style.dim(name.padEnd(9))} ${text}`, style, 12)),
  ].join('\n');
}

const counted = (count: number, what: string): readonly string[] => (count === 0 ? [] : [`${count} ${what}`]);

function sizeLine(before: number, after: number): string {
  if (before === after) return `${formatSize(after)}, the same`;
  return `${formatSize(before)} → ${formatSize(after)}, ${formatChange(before, after)} (${signedSize(after - before)})`;
}

function wireLine(before: number | null, after: number | null): string {
  if (before !== null && after !== null) return sizeLine(before, after);
  const [known, which] = before === null ? [after, 'the second'] : [before, 'the first'];
  return known === null ? '' : `${formatSize(known)} of ${which}; the other is no image`;
}

function filesLine({ added, bytes, changed, removed }: ImageDiff): string {
  const dated = changed.filter(isDated).length;
  const real = changed.length - dated;
  const grown = bytes.changed === 0 ? '' : `, ${signedSize(bytes.changed)}`;
  const parts = [
    ...(added.length === 0 ? [] : [`${plural(added.length, 'path')} added (${signedSize(bytes.added)})`]),
    ...(removed.length === 0 ? [] : [`${plural(removed.length, 'path')} removed (${signedSize(-bytes.removed)})`]),
    ...(real === 0 ? [] : [`${plural(real, 'path')} changed (${formatSize(bytes.rewritten)} rewritten${grown})`]),
    ...(dated === 0 ? [] : [`${plural(dated, 'path')} with another time`]),
  ];
  return parts.join(', ');
}

function layersLine({ layers: { onlyAfter, onlyBefore, shared } }: ImageDiff): string {
  const wire = (layers: readonly { readonly wire: number }[]): string =>
    formatSize(layers.reduce((sum, layer) => sum + layer.wire, 0));
  const parts = [
    ...(shared.length === 0 ? [] : [`${shared.length} shared (${wire(shared)} on the wire)`]),
    ...(onlyBefore.length === 0 ? [] : [`${onlyBefore.length} of the first alone (${wire(onlyBefore)})`]),
    ...(onlyAfter.length === 0 ? [] : [`${onlyAfter.length} of the second alone (${wire(onlyAfter)})`]),
  ];
  return parts.join(', ');
}
