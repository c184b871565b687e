import type { PrunedRepository, RetentionResult } from '../ship/retention/prune.ts';
import { formatSize, plural } from './format.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** Tags that go with the image of that digest: of cosign, and of registries without the referrers API. */
const BESIDE = /^sha256-[0-9a-f]{64}(?:\.[a-z]+)?$/;

/** Every tag with its fate, and what all of it comes to. */
export function retentionText(result: RetentionResult): (style: Style) => string {
  return (style) =>
    [tableOf(result, style), ...result.repositories.flatMap((item) => problemLine(item, style)), ...totals(result)]
      .concat(result.notes.map((note) => `note: ${note}`))
      .filter((line) => line !== '')
      .join('\n');
}

function tableOf({ dryRun, repositories }: RetentionResult, style: Style): string {
  const all = repositories.flatMap(({ repository, tags }) => tags.map((tag) => ({ repository, ...tag })));
  if (all.length === 0) return style.dim('no tags');
  const rows = all.filter(({ tag }) => !BESIDE.test(tag));
  const beside = all.filter(({ tag }) => BESIDE.test(tag));
  const table = formatTable(
    [
      { title: 'name', gives: true },
      { title: dryRun ? 'would be' : 'was' },
      { title: 'size', align: 'right' },
      { title: 'because' },
    ],
    rows.map((row) => [
      printable(`${row.repository}:${row.tag}`),
      row.keep ? 'kept' : 'deleted',
      formatSize(row.bytes),
      printable(row.because),
    ]),
    style.dim,
    style,
  );
  if (beside.length === 0) return table;
  const kept = beside.filter(({ keep }) => keep).length;
  const fates = [
    ...(kept === 0 ? [] : [`${kept} kept`]),
    ...(kept === beside.length ? [] : [`${beside.length - kept} deleted`]),
  ];
  return `${table}\n${style.dim(`signatures and what else stands beside images, by tags of digests: ${fates.join(', ')}`)}`;
}

function problemLine({ problem, repository }: PrunedRepository, style: Style): string[] {
  return problem === undefined ? [] : [style.red(printable(`${repository}: ${problem}`))];
}

function totals(result: RetentionResult): string[] {
  const { collected, dryRun, frees, month, repositories, stored, unreferenced } = result;
  const gone = repositories.flatMap(({ tags }) => tags).filter((tag) => !tag.keep).length;
  const manifests = repositories.reduce((total, item) => total + item.manifests, 0);
  const money = (amount: number): string => (month === null ? '' : `, ${month.currency}${amount.toFixed(2)} a month`);
  return [
    `${dryRun ? 'would delete' : 'deleted'} ${plural(gone, 'tag')} and ${plural(manifests, 'manifest')}`,
    `${dryRun ? 'would free' : 'frees'} ${formatSize(frees)} of ${formatSize(stored)}${money(month?.frees ?? 0)}${
      month === null ? '' : ` of ${month.currency}${month.stored.toFixed(2)}`
    }`,
    ...(unreferenced === null || unreferenced.bytes === 0
      ? []
      : [`and ${formatSize(unreferenced.bytes)} that nothing refers to already`]),
    ...(collected === null
      ? []
      : [`took ${plural(collected.blobs, 'blob')}, ${formatSize(collected.bytes)}, off the disk`]),
  ];
}
