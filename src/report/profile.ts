import { bytesOfText, showPath } from '../base/path.ts';
import type { ProfileSummary } from '../evidence/observed/index.ts';
import { plural } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** Lines of the longer tables; `--json` has all. */
const MAX_ROWS = 20;

export function profileText(summary: ProfileSummary): (style: Style) => string {
  return (style) => {
    const { accesses, folders, paths, phases, platforms, ports, programs, syscalls } = summary;
    const head = [
      `${style.bold(plural(paths, 'path'))} on ${platforms.join(', ') || 'no platform'}`,
      `ports: ${ports.join(', ') || 'none'}`,
      `system calls: ${syscalls === null ? 'not recorded' : String(syscalls.length)}`,
    ].join('\n');
    const tables = [
      tableOf(
        'phase',
        phases.map(({ name, paths: count }) => [name, count] as const),
        style,
      ),
      tableOf(
        'how',
        accesses.map(({ how, paths: count }) => [how, count] as const),
        style,
      ),
      tableOf('folder', largest(folders), style),
      tableOf('program', largest(programs), style),
    ];
    return [head, ...tables.filter((table) => table !== '')].join('\n\n');
  };
}

type Counted = readonly (readonly [name: string, paths: number])[];

function largest(rows: readonly { readonly path: string; readonly paths: number }[]): Counted {
  return rows.map(({ path, paths }) => [path, paths] as const).sort(([, a], [, b]) => b - a);
}

function tableOf(title: string, rows: Counted, style: Style): string {
  if (rows.length === 0) return '';
  const shown = rows.slice(0, MAX_ROWS).map(([name, paths]) => [String(paths), showPath(bytesOfText(name))]);
  const table = formatTable([{ title: 'paths', align: 'right' }, { title }], shown, style.dim);
  return rows.length <= MAX_ROWS ? table : `${table}\n${style.dim(`and ${rows.length - MAX_ROWS} more`)}`;
}
