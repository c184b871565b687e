import { joinPath, nameOf, type TreePath } from '../../base/path.ts';
import type { ContentReader, Entry, Tree } from '../../tree/types.ts';
import { fileAt, folderAt, readText } from '../node/files.ts';
import { type Asker, filesOfModule } from './modules.ts';
import { moduleOrMember } from './named.ts';
import type { Need } from './needs.ts';
import type { PythonProcess } from './process.ts';
import { type Call, NAME, PACKAGE, type Scan, WILD } from './scan/types.ts';

const MAX_ENTRY_POINTS_BYTES = 1024 * 1024; // 1 MiB
/** Installed distributions that are looked at. */
const MAX_DISTRIBUTIONS = 5000;

interface Installed {
  /** Normalized as PEP 503 says. */
  readonly name: string;
  /** METADATA, entry_points.txt, top_level.txt, or the .egg-info file. */
  readonly files: readonly TreePath[];
  /** Group → name → `module:attribute`. */
  readonly entryPoints: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const METADATA =
  /(?:^|\.)(?:metadata\.(?:version|distribution|metadata|requires|files)|Distribution\.from_name|get_distribution|require)$|^(?:version|distribution|metadata)$/;
const ENTRY_POINTS = /(?:^|\.)(?:entry_points|iter_entry_points|get_entry_map|get_group_all)$/;

const KNOWN = new WeakMap<PythonProcess, Promise<readonly Installed[]>>();

/** Records of installed distributions that a module asks for, and the modules that entry points of a group name. */
export async function metadataNeeds(process: PythonProcess, asker: Asker, scan: Scan): Promise<Need[]> {
  const out: Need[] = [];
  for (const call of scan.calls) {
    if (METADATA.test(call.name) || call.name.endsWith('load_entry_point'))
      out.push(...(await distributionNeeds(process, asker, call)));
    if (ENTRY_POINTS.test(call.name)) out.push(...(await groupNeeds(process, call)));
  }
  return out;
}

async function distributionNeeds(process: PythonProcess, asker: Asker, call: Call): Promise<Need[]> {
  const named = (call.args[0] ?? call.keywords['distribution_name'] ?? []).map((text) => {
    if (text === NAME || text === PACKAGE) return asker.module?.split('.')[0] ?? WILD;
    return text.replace(/[\s<>=!~[;].*$/s, '');
  });
  const own = asker.module?.split('.')[0];
  const wanted = named.every((text) => text.includes(WILD)) ? (own === undefined ? [] : [own]) : named;
  const out: Need[] = [];
  for (const text of wanted) {
    for (const item of (await installed(process)).filter(({ name }) => name === normalized(text))) {
      const because = `${call.name}(${JSON.stringify(text)})`;
      for (const path of item.files) out.push({ path, kind: 'opened', because, certainty: 'likely', line: call.line });
      const [, group = [], names = []] = call.args;
      for (const target of group.flatMap((key) => names.map((name) => item.entryPoints.get(key)?.get(name))))
        if (target !== undefined)
          out.push(
            ...(moduleOrMember(process, moduleIn(target), { because, certainty: 'sure', line: call.line }) ?? []),
          );
    }
  }
  return out;
}

/** `entry_points(group='x')` loads whatever is registered; without a group only the records are read. */
async function groupNeeds(process: PythonProcess, call: Call): Promise<Need[]> {
  const groups = (call.keywords['group'] ?? call.args[0] ?? []).filter((text) => !text.includes(WILD));
  const out: Need[] = [];
  for (const { entryPoints, files } of await installed(process)) {
    for (const group of groups) {
      const because = `${call.name}() of the group ${JSON.stringify(group)}`;
      for (const target of entryPoints.get(group)?.values() ?? []) {
        for (const path of files) out.push({ path, kind: 'opened', because, certainty: 'likely', line: call.line });
        out.push(...filesOfModule(process, moduleIn(target), { because, certainty: 'likely', line: call.line }).needs);
      }
    }
    if (groups.length > 0 || entryPoints.size === 0) continue;
    const because = `${call.name}() reads the records of all distributions`;
    for (const path of files) out.push({ path, kind: 'opened', because, certainty: 'guess', line: call.line });
  }
  return out;
}

function moduleIn(target: string): string {
  return target.replace(/[:\s[].*$/s, '');
}

function normalized(name: string): string {
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase();
}

function installed(process: PythonProcess): Promise<readonly Installed[]> {
  let found = KNOWN.get(process);
  if (found === undefined) {
    found = readInstalled(process);
    KNOWN.set(process, found);
  }
  return found;
}

async function readInstalled({ content, path, tree }: PythonProcess): Promise<Installed[]> {
  const out: Installed[] = [];
  for (const { folder } of path) {
    const real = folderAt(tree, folder);
    for (const entry of real === undefined ? [] : tree.children(real.path)) {
      const match = /^([^-]+)(?:-.*)?\.(?:dist|egg)-info$/.exec(nameOf(entry.path));
      if (match !== null && out.length < MAX_DISTRIBUTIONS)
        out.push(await readOne(tree, content, { entry, folder, name: normalized(match[1] as string) }));
    }
  }
  return out;
}

async function readOne(
  tree: Tree,
  content: ContentReader,
  { entry, folder, name }: { readonly entry: Entry; readonly folder: TreePath; readonly name: string },
): Promise<Installed> {
  const dir = joinPath(folder, nameOf(entry.path));
  if (folderAt(tree, dir) === undefined) return { name, files: [dir], entryPoints: new Map() };
  const files = ['METADATA', 'PKG-INFO', 'entry_points.txt', 'top_level.txt']
    .map((item) => joinPath(dir, item))
    .filter((path) => fileAt(tree, path) !== undefined);
  const points = fileAt(tree, joinPath(dir, 'entry_points.txt'));
  const text = points === undefined || points.size > MAX_ENTRY_POINTS_BYTES ? '' : await readText(content, points);
  return { name, files, entryPoints: parseEntryPoints(text) };
}

/** entry_points.txt: `[group]`, then lines `name = module:attribute [extra]` (PyPA, "Entry points specification"). */
export function parseEntryPoints(text: string): Map<string, Map<string, string>> {
  const out = new Map<string, Map<string, string>>();
  let group: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[([^\]]+)\]\s*$/.exec(line)?.[1]?.trim();
    if (section !== undefined) {
      group = out.get(section) ?? new Map<string, string>();
      out.set(section, group);
      continue;
    }
    const [, name = '', target = ''] = /^\s*([^#;=][^=]*?)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    if (name !== '') group?.set(name, target);
  }
  return out;
}
