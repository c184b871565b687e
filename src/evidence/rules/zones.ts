import { joinPath, nameOf, pathOfText, showPath, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { NOTHING, ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

const ZONES = pathOfText('/usr/share/zoneinfo');
/** The same zones twice more, counted without and with leap seconds; programs do not look there by themselves. */
const VARIANTS = new Set(['posix', 'right']);
/** Modules whose use of the folder no string of a program tells. */
const MODULES =
  /(?:\/zoneinfo\/_tzpath\.py|\/dateutil\/tz\/tz\.py|\/System\.Private\.CoreLib\.dll|\/python3\/dist-packages\/pytz\/__init__\.py)$/;
/** A Go program has the first among its constants whenever it uses `time`; the second is there when a zone is asked for by name. */
const GO_MARKS = ['/usr/share/zoneinfo/', 'time.LoadLocation'] as const;

/** The time zones of the system, whole, for run times which look them up by names that are only known while they run. */
export const zones: Rule = {
  name: 'zones',
  async apply(input: RuleInput): Promise<Findings> {
    const { graph, tree } = input;
    const folder = tree.resolve(ZONES)?.entry;
    if (folder?.type !== 'directory') return NOTHING;
    const reader = graph.edges.map(({ to }) => to).find((path) => MODULES.test(path)) ?? (await goProgram(input));
    if (reader === undefined) return NOTHING;
    const because = `${showPath(reader)} looks time zones up by name`;
    return { edges: zoneFiles(tree, folder.path).map((path) => ruleEdge('zones', path, because, 'likely')), add: [] };
  },
};

async function goProgram({ programs }: RuleInput): Promise<TreePath | undefined> {
  for (const program of await programs.all()) {
    if (program.elf.needed.length > 8) continue;
    if ((await programs.mentions(program, [...GO_MARKS])).size === GO_MARKS.length) return program.path;
  }
  return undefined;
}

function zoneFiles(tree: Tree, top: TreePath): TreePath[] {
  const out: TreePath[] = [];
  const pending = [top];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of tree.children(at)) {
      if (entry.type !== 'directory') out.push(joinPath(at, nameOf(entry.path)));
      else if (at !== top || !VARIANTS.has(nameOf(entry.path))) pending.push(entry.path);
    }
  }
  return out;
}
