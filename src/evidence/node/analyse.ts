import { bytesOfText, joinPath, showPath, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Warning } from '../../base/events.ts';
import type { Entry } from '../../tree/types.ts';
import type { Fact } from '../facts.ts';
import { fileAt, readText, resolveText } from './files.ts';
import { findFiles, findNames } from './find-files.ts';
import { findLoads } from './find-loads.ts';
import { type Need, surest } from './needs.ts';
import type { NodeProcess } from './process.ts';
import { platformPackages, RULES, type Place } from './rules/index.ts';
import { WILD } from './scan/texts.ts';
import { scanSource } from './scan/scan.ts';
import type { Scan } from './scan/types.ts';

/** A source beyond this is not read; the largest that is published (a compiler in one file) has 10 MB. */
const MAX_SOURCE_BYTES = 32 * 1024 * 1024; // 32 MiB

export interface Analysis {
  /** Each path once, the surest reason for it. */
  readonly needs: readonly Need[];
  readonly warnings: readonly Warning[];
}

export const NOTHING: Analysis = { needs: [], warnings: [] };

/** Everything that one module asks for, and what can only be guessed. `file` is the module with its links resolved. */
export async function analyseModule(process: NodeProcess, file: Entry): Promise<Analysis> {
  const own = !file.path.includes('/node_modules/');
  const warnings: Warning[] = [];
  const shown = showPath(file.path);
  if (file.size > MAX_SOURCE_BYTES) {
    const message = `${shown} has ${file.size} bytes, more than ${MAX_SOURCE_BYTES}: what it needs is not known`;
    return { needs: [], warnings: [{ code: 'node-too-large', message, path: shown }] };
  }
  const manifest = await process.manifests.of(file.path);
  const { manifests, resolver, target, tree } = process;
  const place: Place = { file: file.path, tree, manifests, resolver, target, manifest };
  const scan = await scanOf(process, file);
  if (scan.problem !== undefined && own) {
    const message = `${shown}:${scan.problem.line} is not JavaScript that can be read (${scan.problem.problem}): only the modules that it names in plain text are kept`;
    warnings.push({ code: 'node-parse', message, path: shown, line: scan.problem.line });
  }
  const loads = await findLoads(process, place, scan, own);
  const needs: Need[] = [...(await manifestNeeds(place)), ...loads.needs];
  for (const request of scan.requests) {
    if (request.kind === 'file') needs.push(...findFiles(process, place, request, own, warnings));
    if (request.kind === 'name' && own) needs.push(...findNames(process, place, request));
  }
  needs.push(...(await findByRules(place, scan)));
  return { needs: surest(needs, file.path), warnings: [...warnings, ...loads.warnings] };
}

/** From the facts where they know it. A scan with calls for the rules holds syntax, and is made anew each time. */
async function scanOf({ content, cwd, facts, target }: NodeProcess, file: Entry): Promise<Scan> {
  const options = { file: textOfBytes(file.path), cwd: textOfBytes(cwd), arch: target.arch };
  const question = `scan ${JSON.stringify(options)}`;
  const known = facts?.find(file, question) as Pick<Scan, 'requests' | 'problem'> | undefined;
  if (known !== undefined) return { ...known, calls: [] };
  const scan = scanSource(await readText(content, file), {
    ...options,
    wantsCall: (called, name, first) => RULES.some((rule) => rule.wants(called, name, first)),
  });
  const { problem, requests } = scan;
  if (scan.calls.length === 0)
    facts?.keep(file, question, { requests, ...(problem === undefined ? {} : { problem }) } as unknown as Fact);
  return scan;
}

/** Node reads the nearest package.json to learn what kind of module a file is; the package's own also names it to scanners. */
async function manifestNeeds({ file, manifest, manifests }: Place): Promise<Need[]> {
  const cut = file.lastIndexOf('/node_modules/');
  const inside = cut === -1 ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(file.slice(cut + '/node_modules/'.length))?.[0];
  const root =
    inside === undefined ? undefined : await manifests.at(`${file.slice(0, cut)}/node_modules/${inside}` as TreePath);
  const because = 'the package.json that says what kind of module it is';
  return [manifest, root].flatMap((item) =>
    item === undefined ? [] : [{ path: item.path, kind: 'node-import', because, certainty: 'sure' }],
  );
}

async function findByRules(place: Place, scan: Scan): Promise<Need[]> {
  const out: Need[] = [];
  for (const call of scan.calls) {
    for (const rule of RULES) {
      if (!rule.wants(call.target, call.name, call.arguments[0])) continue;
      for (const wanted of await rule.find(call, place)) out.push({ ...wanted, kind: 'node-import', line: call.line });
    }
  }
  const computed = scan.requests.some(
    (request) => request.kind === 'load' && request.specifiers.some((item) => item.includes(WILD)),
  );
  if (computed) for (const wanted of await platformPackages(place)) out.push({ ...wanted, kind: 'node-import' });
  return out;
}

/** What the command line and NODE_OPTIONS make node read before the module that it starts. */
export async function commandLineNeeds(process: NodeProcess): Promise<Need[]> {
  const out: Need[] = [];
  const from = joinPath(process.cwd, bytesOfText('[command line]'));
  for (const { flag, mode, specifier } of process.preloads) {
    const resolution = await process.resolver.resolve(specifier, from, mode);
    if (resolution.kind !== 'found') continue;
    for (const { manifests, path } of resolution.found) {
      for (const item of [path, ...manifests])
        out.push({ path: item, kind: 'node-import', because: `${flag} ${specifier}`, certainty: 'sure' });
    }
  }
  for (const { file, flag } of process.envFiles) {
    const path = resolveText(process.cwd, file);
    if (path !== undefined && fileAt(process.tree, path) !== undefined)
      out.push({ path, kind: 'config', because: `${flag}=${file}`, certainty: 'sure' });
  }
  return out;
}
