import { bytesOfText, joinPath, showPath, type TreePath } from '../../base/path.ts';
import { isTareError, TareError } from '../../base/error.ts';
import { fileAt, readText } from '../../evidence/node/files.ts';
import { tomlTable, type TomlTable, type TomlValue } from '../../base/toml.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';

/** What pyproject.toml says (PyPA, "pyproject.toml specification"; `tool.poetry` before that). */
export interface PythonProject {
  readonly name?: string;
  readonly version?: string;
  /** Name of the command → `module:callable`. */
  readonly scripts: ReadonlyMap<string, string>;
  /** Requirements as PEP 508 writes them. */
  readonly dependencies: readonly string[];
}

const MAX_BYTES = 1024 * 1024; // 1 MiB

/** @throws TareError E_TOML naming the file and line */
export async function pythonProject({
  app,
  content,
  tree,
}: {
  readonly tree: Tree;
  readonly content: ContentReader;
  readonly app: TreePath;
}): Promise<PythonProject | undefined> {
  const path = joinPath(app, bytesOfText('pyproject.toml'));
  const file = fileAt(tree, path);
  if (file === undefined || file.size > MAX_BYTES) return undefined;
  const document = parsed(await readText(content, file), path);
  const project = tableIn(document['project']);
  const poetry = tableIn(tableIn(document['tool'])['poetry']);
  const name = textIn(project['name']) ?? textIn(poetry['name']);
  const version = textIn(project['version']) ?? textIn(poetry['version']);
  const scripts = Object.entries({ ...tableIn(poetry['scripts']), ...tableIn(project['scripts']) }).flatMap(
    ([key, value]) => (typeof value === 'string' ? [[key, value] as const] : []),
  );
  const listed = Array.isArray(project['dependencies']) ? project['dependencies'] : [];
  return {
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    scripts: new Map(scripts),
    dependencies: [...listed.flatMap((item) => textIn(item) ?? []), ...poetryDependencies(poetry)],
  };
}

function parsed(text: string, path: TreePath): TomlTable {
  try {
    return tomlTable(text);
  } catch (error) {
    if (!isTareError(error, 'E_TOML')) throw error;
    throw new TareError('E_TOML', `${showPath(path)}: ${error.message}`, { cause: error });
  }
}

/** Keys are names; those that are optional belong to extras. */
function poetryDependencies(poetry: TomlTable): string[] {
  return Object.entries(tableIn(poetry['dependencies'])).flatMap(([name, value]) => {
    const { markers, optional } = tableIn(value);
    if (name === 'python' || optional === true || Array.isArray(value)) return [];
    return [typeof markers === 'string' ? `${name}; ${markers}` : name];
  });
}

function tableIn(value: TomlValue | undefined): TomlTable {
  const isTable = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
  return isTable ? value : (Object.create(null) as TomlTable);
}

function textIn(value: TomlValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
