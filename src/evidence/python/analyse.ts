import { showPath } from '../../base/path.ts';
import type { Warning } from '../../base/events.ts';
import type { Entry } from '../../tree/types.ts';
import { compiledFiles } from './compiled.ts';
import { dataNeeds, filesBelow } from './data.ts';
import { metadataNeeds } from './metadata.ts';
import { type Asker, filesOfModule, resolveImport } from './modules.ts';
import { namedNeeds } from './named.ts';
import { nativeNeeds } from './native.ts';
import { type Need, surest } from './needs.ts';
import { isOwn, isStdlib, MAX_SOURCE_BYTES, moduleNameOf, type PythonProcess } from './process.ts';
import { fileNamed, type Place, RULES, type Wanted } from './rules/index.ts';
import type { Scan } from './scan/types.ts';
import { STDLIB_NAMES } from './stdlib.ts';
import { isUnfollowed } from './unfollowed.ts';

export interface Analysis {
  /** Each path once, the surest reason for it. */
  readonly needs: readonly Need[];
  readonly warnings: readonly Warning[];
}

/** Everything that one source asks for. `file` has its links resolved. */
export async function analyseSource(process: PythonProcess, file: Entry): Promise<Analysis> {
  const shown = showPath(file.path);
  const compiled = compiledFiles(process, file.path).map((path): Need => ({
    path,
    kind: 'python-import',
    because: 'its compiled form, which starts faster',
    certainty: 'likely',
  }));
  const scan = await process.scan(file);
  const own = isOwn(process, file.path);
  if (scan === undefined) {
    const message = `${shown} has ${file.size} bytes, more than ${MAX_SOURCE_BYTES}: what it imports is not known`;
    return { needs: compiled, warnings: [{ code: 'python-too-large', message, path: shown }] };
  }
  const main = process.start.script?.entry.path === file.path || file.path.endsWith('/__main__.py');
  const asker: Asker = { file, module: moduleNameOf(process, file.path), main };
  const { needs, warnings } = await scanNeeds(process, asker, scan, own);
  return { needs: surest([...compiled, ...needs], file.path), warnings };
}

/** What the statements of a scan ask for. */
export async function scanNeeds(process: PythonProcess, asker: Asker, scan: Scan, own: boolean): Promise<Analysis> {
  const needs: Need[] = [];
  const warnings: Warning[] = [];
  const shown = showPath(asker.file.path);
  if (isUnfollowed(asker.module)) return { needs, warnings };
  const failed = new Set<number | undefined>();
  const stdlib = isStdlib(process, asker.file.path);
  for (const item of scan.imports) {
    // What comes instead of an import that works is for other systems.
    const isInstead = item.fallback !== undefined && !failed.has(item.fallback);
    if (isInstead && stdlib) continue;
    const { missing, needs: found } = await resolveImport(process, asker, item);
    if (missing !== undefined) failed.add(item.attempt);
    needs.push(...(isInstead ? found.map((need) => ({ ...need, certainty: 'guess' as const })) : found));
    const [top = ''] = (missing ?? '').split('.');
    if (
      missing !== undefined &&
      own &&
      item.lazy !== true &&
      item.guarded !== true &&
      item.main !== true &&
      !STDLIB_NAMES.has(top)
    ) {
      const message = `${shown}:${item.line} imports ${missing}, which is nowhere in this tree`;
      warnings.push({ code: 'python-missing', message, path: shown, line: item.line });
    }
  }
  needs.push(...(await namedNeeds(process, asker, scan)), ...dataNeeds(process, asker, scan));
  needs.push(...(await metadataNeeds(process, asker, scan)), ...(await nativeNeeds(process, asker, scan)));
  needs.push(...(await ruleNeeds(process, asker, scan, own)));
  return { needs, warnings };
}

async function ruleNeeds(process: PythonProcess, asker: Asker, scan: Scan, own: boolean): Promise<Need[]> {
  const out: Need[] = [];
  const place: Place = {
    process,
    module: asker.module,
    file: asker.file.path,
    scan,
    own,
    fileNamed: (name, because) => fileNamed(process, name, because),
  };
  for (const rule of RULES) {
    if (rule.modules !== undefined && (asker.module === undefined || !rule.modules.includes(asker.module))) continue;
    for (const wanted of await rule.find(place)) out.push(...wantedNeeds(process, wanted));
  }
  return out;
}

function wantedNeeds(process: PythonProcess, wanted: Wanted): readonly Need[] {
  const { because, certainty, line } = wanted;
  const why = { because, certainty, ...(line === undefined ? {} : { line }) };
  if ('module' in wanted) return filesOfModule(process, wanted.module, why).needs;
  if ('path' in wanted) return [{ path: wanted.path, kind: 'opened', ...why }];
  return filesBelow(process.tree, wanted.folder, () => true).map((path) => ({ path, kind: 'opened', ...why }));
}
