import type { ShrunkSystem } from '../systems/shrink/shrink.ts';
import { formatChange, formatSeconds, formatSize, plural } from './format.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { systemCostText } from './system-cost.ts';
import { formatTable } from './table.ts';

/** Repairs of one service that are named. */
const MAX_REPAIRS = 5;

/** The answer of `tare shrink --file`: each service before and after, the layers that they share, what all of it costs. */
export function systemShrinkText(result: ShrunkSystem): (style: Style) => string {
  const { cost, project, seconds, services, verified } = result;
  return (style) => {
    const original =
      verified.originalStartMs === undefined ? '' : ` (original: ${formatSeconds(verified.originalStartMs)})`;
    const table = formatTable(
      [
        { title: 'service' },
        { title: 'image', gives: true },
        { title: 'disk', align: 'right' },
        { title: 'was', align: 'right' },
        { title: '', align: 'right' },
        { title: 'wire', align: 'right' },
        { title: 'was', align: 'right' },
        { title: 'files', align: 'right' },
      ],
      services.map((service) => [
        service.service,
        service.reference,
        formatSize(service.size.disk),
        formatSize(service.original.size.disk),
        formatChange(service.original.size.disk, service.size.disk),
        formatSize(service.size.wire),
        formatSize(service.original.size.wire),
        String(service.files),
      ]),
      style.bold,
      style,
    );
    const repairs = services.flatMap(({ repaired, service }) =>
      repaired.length === 0
        ? []
        : [
            `repaired  ${service}: ${repaired.slice(0, MAX_REPAIRS).map(printable).join(', ')}${repaired.length > MAX_REPAIRS ? ` and ${repaired.length - MAX_REPAIRS} more` : ''}`,
          ],
    );
    return [
      `${style.bold(project)}: ${style.green(`${plural(verified.probes.length, 'probe')} answered as the original's`)}, up after ${formatSeconds(verified.startMs)}${original}`,
      '',
      table,
      '',
      ...sharedLines(result, style),
      ...repairs,
      systemCostText(cost)(style),
      '',
      style.dim(`${seconds.toFixed(1)} s`),
    ].join('\n');
  };
}

/** Layers that several services have, by what they save. */
function sharedLines({ services }: ShrunkSystem, style: Style): readonly string[] {
  const owners = new Map<string, { readonly wire: number; readonly names: string[] }>();
  for (const { layers, service } of services)
    for (const { digest, wire } of layers) {
      const there = owners.get(digest);
      if (there === undefined) owners.set(digest, { wire, names: [service] });
      else there.names.push(service);
    }
  const shared = [...owners.values()].filter(({ names }) => names.length > 1);
  if (shared.length === 0) return [];
  const rows = shared
    .toSorted((a, b) => b.wire * (b.names.length - 1) - a.wire * (a.names.length - 1))
    .map(({ names, wire }) => [formatSize(wire), String(names.length), names.join(', ')]);
  const columns = [
    { title: 'shared', align: 'right' as const },
    { title: 'by', align: 'right' as const },
    { title: 'services' },
  ];
  return [formatTable(columns, rows, style.bold, style), ''];
}
