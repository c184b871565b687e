import picomatch from 'picomatch';
import type { Context, Warning } from '../base/events.ts';
import { TareError } from '../base/error.ts';
import {
  bytesOfText,
  cleanPath,
  joinPath,
  nameOf,
  pathOfText,
  quotePath,
  textOfBytes,
  type TreePath,
} from '../base/path.ts';
import { collect, type RootPath } from '../evidence/collect.ts';
import type { Facts } from '../evidence/facts.ts';
import { elfAnalyser } from '../evidence/elf/index.ts';
import { memoised } from '../evidence/memoised.ts';
import { nodeAnalyser } from '../evidence/node/index.ts';
import { ownFiles } from '../evidence/node/own-files.ts';
import { applyRules } from '../evidence/rules/index.ts';
import { shellAnalyser } from '../evidence/shell/index.ts';
import type { Analyser, EvidenceGraph, ProcessContext } from '../evidence/types.ts';
import { ownerOf } from '../packages/index.ts';
import type { PackageDb } from '../packages/types.ts';
import type { Plan, Tightness } from '../plan/types.ts';
import type { ContentReader, Tree } from '../tree/types.ts';
import type { Start } from './entry.ts';

export interface GatherInput {
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

export interface Gathered {
  readonly graph: EvidenceGraph;
  readonly add: Plan['add'];
  readonly warnings: readonly Warning[];
  readonly excluded: (path: TreePath) => boolean;
}

/** Most rounds of "rules and whole packages need more": each round adds paths, two are the rule. */
const MAX_ROUNDS = 8;

/** Kept as a matter of course, not because anything was seen to use it: a chain from the entry point is the better answer. */
const OWN_FILE = {
  root: 'app',
  kind: 'app',
  because: "one of the application's own files",
  certainty: 'likely',
} as const;

/** Every analyser, one line each. */
const ANALYSERS: readonly (() => Analyser)[] = [elfAnalyser, nodeAnalyser, shellAnalyser];

/** From the entry point, the application's own files, `include` and the rules to everything that they need. */
export async function gatherEvidence(input: GatherInput): Promise<Gathered> {
  const analysers = ANALYSERS.map((make) => memoised(make()));
  const excluded = matcher(input.app, input.exclude);
  const unmatched: Warning[] = [];
  const starts = startRoots(input, unmatched);
  const lost = starts.find((root) => root.kind === 'entrypoint' && excluded(root.path));
  if (lost !== undefined) {
    throw new TareError('E_CONFIG', `exclude: it leaves out what is started, ${quotePath(lost.path)}`, {
      hint: 'take the pattern out of exclude, or start something else',
    });
  }
  const roots = starts.filter((root) => !excluded(root.path));
  let extra: readonly RootPath[] = [];
  for (let round = 0; ; round += 1) {
    const found = await collect({
      roots: [...roots, ...extra],
      analysers,
      tree: input.tree,
      content: input.content,
      facts: input.facts,
      ctx: input.ctx,
    });
    const warnings: Warning[] = [...unmatched, ...found.warnings];
    const ruled = await applyRules({
      tree: input.tree,
      content: input.content,
      graph: found.graph,
      facts: input.facts,
      context: input.context,
      options: { user: input.user, ...(input.timezone === undefined ? {} : { timezone: input.timezone }) },
      warn: (warning) => warnings.push(warning),
    });
    const wanted = [
      ...ruled.edges.map((edge) => ({
        root: edge.from,
        path: edge.to,
        kind: edge.kind,
        because: edge.because,
        context: input.context,
      })),
      ...wholePackages(input, found.graph),
    ];
    const fresh = wanted.filter(
      (item) => !found.graph.has(item.path) && !extra.some((known) => known.path === item.path) && !excluded(item.path),
    );
    if (fresh.length === 0 || round >= MAX_ROUNDS) return { graph: found.graph, add: ruled.add, warnings, excluded };
    extra = [...extra, ...fresh];
  }
}

function startRoots(input: GatherInput, unmatched: Warning[]): RootPath[] {
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
  for (const path of included(input, unmatched))
    roots.push({ root: 'include', path, kind: 'include', because: 'asked for by include', context });
  return roots;
}

/** Patterns that start with '/' name paths of the image, all others paths of the application. */
function included(input: GatherInput, unmatched: Warning[]): TreePath[] {
  const out = new Set<TreePath>();
  for (const pattern of input.include) {
    const scan = picomatch.scan(pattern);
    const base = rooted(input.app, scan.isGlob ? scan.base : pattern, pattern);
    const matches = scan.isGlob ? picomatch(absoluteGlob(input.app, pattern), GLOB_OPTIONS) : () => true;
    const found = input.tree.resolve(base);
    if (found === undefined) {
      unmatched.push({ code: 'include-missing', message: `include ${JSON.stringify(pattern)} matches nothing` });
      continue;
    }
    if (!scan.isGlob) out.add(base);
    const pending = [{ at: found.entry.path, shown: base }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const child of input.tree.children(next.at)) {
        const shown = joinPath(next.shown, nameOf(child.path));
        if (child.type === 'directory') pending.push({ at: child.path, shown });
        if (matches(textOfBytes(shown))) out.add(shown);
      }
    }
  }
  return [...out];
}

/** Names may start with a dot and hold newlines. */
const GLOB_OPTIONS = { dot: true, flags: 's' };

function rooted(app: TreePath, text: string, pattern: string): TreePath {
  try {
    return cleanPath(text.startsWith('/') ? bytesOfText(text) : `${app}/${bytesOfText(text)}`);
  } catch (error) {
    throw new TareError('E_CONFIG', `include: ${JSON.stringify(pattern)} leads out of the image`, {
      hint: 'name paths of the application, or absolute paths of the image',
      cause: error,
    });
  }
}

/** The folder of the application is a name, not a pattern, whatever it is called. */
function absoluteGlob(app: TreePath, pattern: string): string {
  if (pattern.startsWith('/')) return pattern;
  const folder = textOfBytes(app).replace(/[^\p{L}\p{N}/._-]/gu, '\\$&');
  return `${folder === '/' ? '' : folder}/${pattern.replace(/^(?:\.\/)+/, '')}`;
}

function matcher(app: TreePath, patterns: readonly string[]): (path: TreePath) => boolean {
  if (patterns.length === 0) return () => false;
  const absolute = patterns.map((pattern) => absoluteGlob(app, pattern));
  const matches = picomatch(
    [...absolute, ...absolute.map((pattern) => `${pattern.replace(/\/$/, '')}/**`)],
    GLOB_OPTIONS,
  );
  return (path) => matches(textOfBytes(path));
}

/** `--tightness packages`: whoever owns something kept is kept whole. */
function wholePackages(input: GatherInput, graph: EvidenceGraph): RootPath[] {
  if (input.tightness !== 'packages') return [];
  const out: RootPath[] = [];
  const seen = new Set<string>();
  for (const edge of graph.edges) {
    const owner = ownerOf(input.databases, edge.to);
    if (owner === undefined || seen.has(`${owner.manager}:${owner.name}`)) continue;
    seen.add(`${owner.manager}:${owner.name}`);
    const database = input.databases.find((item) => item.manager === owner.manager);
    for (const path of database?.files(owner) ?? []) {
      out.push({
        root: `package:${owner.name}`,
        path,
        kind: 'rule',
        because: `part of the ${owner.manager} package ${owner.name}`,
        context: input.context,
      });
    }
  }
  return out;
}
