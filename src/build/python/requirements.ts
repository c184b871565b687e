import { TareError } from '../../base/error.ts';
import { joinPath, nameOf, parentOf, textOfBytes, type TreePath } from '../../base/path.ts';
import { fileAt, folderAt, readText, resolveText } from '../../evidence/node/files.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import type { PythonRuntime } from '../runtimes/types.ts';
import { pythonProject } from './project.ts';

const MAX_BYTES = 1024 * 1024; // 1 MiB
/** `-r` in `-r` in … */
const MAX_FILES = 32;
/** Names in one message. */
const MAX_SHOWN = 10;
const CURE = 'python3 -m venv .venv && .venv/bin/pip install';

export interface RequirementsInput {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly app: TreePath;
  readonly python: PythonRuntime;
}

/**
 * That all which requirements.txt, else pyproject.toml, names is installed where the interpreter looks.
 * @throws TareError E_NOT_INSTALLED listing what is not
 */
export async function checkRequirements(input: RequirementsInput): Promise<void> {
  const file = joinPath(input.app, 'requirements.txt');
  const listed = fileAt(input.tree, file) !== undefined;
  const lines = listed
    ? await requirementLines(input, file, new Set())
    : ((await pythonProject(input))?.dependencies ?? []);
  const installed = installedNames(input);
  const wanted = lines.flatMap((line) => requiredName(line, input.python.version) ?? []);
  const missing = [...new Set(wanted.filter((name) => !installed.has(name)))].sort();
  if (missing.length === 0) return;
  const more = missing.length > MAX_SHOWN ? `, and ${missing.length - MAX_SHOWN} more` : '';
  const from = listed ? 'requirements.txt' : 'pyproject.toml';
  const where = input.python.packages.map((folder) => textOfBytes(folder)).join(', ');
  throw new TareError(
    'E_NOT_INSTALLED',
    `${from} names what is not installed in ${where}: ${missing.slice(0, MAX_SHOWN).join(', ')}${more}`,
    { hint: `install it beside the application: \`${CURE} ${listed ? '-r requirements.txt' : '.'}\`` },
  );
}

/** Lines of pip's requirements file, continuations joined, other files that they name included. */
async function requirementLines(input: RequirementsInput, path: TreePath, seen: Set<TreePath>): Promise<string[]> {
  const file = fileAt(input.tree, path);
  if (file === undefined || file.size > MAX_BYTES || seen.has(path) || seen.size >= MAX_FILES) return [];
  seen.add(path);
  const out: string[] = [];
  for (const raw of (await readText(input.content, file)).replaceAll(/\\\r?\n/g, '').split(/\r?\n/)) {
    const line = raw.replace(/(?:^|\s)#.*$/, '').trim();
    const other = /^(?:-r|--requirement)[ =]\s*(\S+)$/.exec(line)?.[1];
    const place = other === undefined ? undefined : resolveText(parentOf(path), other);
    if (place !== undefined) out.push(...(await requirementLines(input, place, seen)));
    else if (line !== '' && !line.startsWith('-')) out.push(line);
  }
  return out;
}

/**
 * The name of a requirement (PEP 508), normalised; undefined for what names none (a path, a URL), and for one whose marker does not hold or is not
 * as simple as a version or a platform.
 */
export function requiredName(line: string, version: string): string | undefined {
  const [, name, rest = ''] = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(.*)$/s.exec(line) ?? [];
  if (name === undefined || !/^(?:$|[[(;@<>=!~]|--)/.test(rest)) return undefined;
  const marker = (/^@\s*\S+\s+;(.*)$/s.exec(rest) ?? /^[^@]*?;(.*)$/s.exec(rest))?.[1]?.trim();
  return marker === undefined || holds(marker, version) ? normalisedName(name) : undefined;
}

/** PEP 503. */
export function normalisedName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

const PLATFORM: Readonly<Record<string, string>> = {
  sys_platform: 'linux',
  platform_system: 'Linux',
  os_name: 'posix',
  implementation_name: 'cpython',
  platform_python_implementation: 'CPython',
};

function holds(marker: string, version: string): boolean {
  const [, variable = '', operator = '', value = ''] =
    /^\(?\s*(\w+)\s*(<=?|>=?|==|!=)\s*["']([^"']*)["']\s*\)?$/.exec(marker) ?? [];
  if (variable === 'python_version') return compares(orderOf(version, value), operator);
  const known = PLATFORM[variable];
  if (known === undefined || !/^[=!]=$/.test(operator)) return false;
  return (known === value) === (operator === '==');
}

/** Of versions such as "3.11": negative when the first is older. */
function orderOf(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let at = 0; at < 2; at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compares(order: number, operator: string): boolean {
  if (operator.startsWith('<')) return order < 0 || (order === 0 && operator === '<=');
  if (operator.startsWith('>')) return order > 0 || (order === 0 && operator === '>=');
  return (order === 0) === (operator === '==');
}

/** By the records that installers leave. */
export function installedNames({ python, tree }: Pick<RequirementsInput, 'python' | 'tree'>): ReadonlySet<string> {
  const out = new Set<string>();
  for (const folder of python.packages) {
    for (const entry of tree.children(folderAt(tree, folder)?.path ?? folder)) {
      const record = /^(.+?)(?:-\d[^/]*)?\.(?:dist-info|egg-info|egg-link)$/.exec(textOfBytes(nameOf(entry.path)));
      if (record !== null) out.add(normalisedName(record[1] as string));
    }
  }
  return out;
}
