import type { Context, Warning } from '../base/events.ts';
import { TareError } from '../base/error.ts';
import { pathOfText, quotePath, type TreePath } from '../base/path.ts';
import { ANALYSERS } from '../evidence/analysers.ts';
import type { RootPath } from '../evidence/collect.ts';
import type { Facts } from '../evidence/facts.ts';
import { gather, type Gathered } from '../evidence/gather.ts';
import { includedPaths, pathMatcher } from '../evidence/include.ts';
import { ownFiles } from '../evidence/node/own-files.ts';
import { NEW_IMAGE_RULES } from '../evidence/rules/index.ts';
import type { ProcessContext } from '../evidence/types.ts';
import type { PackageDb } from '../packages/types.ts';
import type { Tightness } from '../plan/types.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import type { Start } from './start/types.ts';

export interface EvidenceInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly app: TreePath;
  readonly start: Start;
  readonly context: ProcessContext;
  readonly tightness: Tightness;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly user: string;
  readonly timezone: string | undefined;
  readonly databases: readonly PackageDb[];
  readonly facts: Facts;
  readonly ctx: Context;
}

/** Kept as a matter of course, not because anything was seen to use it: a chain from the entry point is the better answer. */
const OWN_FILE = {
  root: 'app',
  kind: 'app',
  because: "one of the application's own files",
  certainty: 'likely',
} as const;

/** From the entry point, the application's own files, `include` and the rules to everything that they need. */
export async function gatherEvidence(input: EvidenceInput): Promise<Gathered> {
  const excluded = pathMatcher(input.app, input.exclude);
  const unmatched: Warning[] = [];
  const roots = startRoots(input, unmatched);
  const lost = roots.find((root) => root.kind === 'entrypoint' && excluded(root.path));
  if (lost !== undefined) {
    throw new TareError('E_CONFIG', `exclude: it leaves out what is started, ${quotePath(lost.path)}`, {
      hint: 'take the pattern out of exclude, or start something else',
    });
  }
  const { app: _app, start: _start, tightness, user, timezone, ...common } = input;
  const gathered = await gather({
    ...common,
    roots,
    analysers: ANALYSERS.map((make) => make()),
    rules: NEW_IMAGE_RULES,
    ruleOptions: { user, ...(timezone === undefined ? {} : { timezone }) },
    wholePackages: tightness === 'packages',
    excluded,
  });
  return { ...gathered, warnings: [...unmatched, ...gathered.warnings] };
}

function startRoots(input: EvidenceInput, unmatched: Warning[]): RootPath[] {
  const { app, context, start, tree } = input;
  const roots: RootPath[] = [
    {
      root: 'entrypoint',
      path: pathOfText(start.entrypoint[0] ?? '/'),
      kind: 'entrypoint',
      because: start.because,
      context,
    },
  ];
  if (start.module !== undefined)
    roots.push({ root: 'entrypoint', path: start.module, kind: 'entrypoint', because: start.because, context });
  if (input.tightness !== 'used') {
    for (const path of ownFiles(tree, app)) roots.push({ ...OWN_FILE, path, context });
  }
  const included = includedPaths({ tree, app, patterns: input.include }, (warning) => unmatched.push(warning));
  for (const path of included)
    roots.push({ root: 'include', path, kind: 'include', because: 'asked for by include', context });
  return roots;
}
