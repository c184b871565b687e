import { joinPath } from '../../base/path.ts';
import { fileAt } from '../../evidence/node/files.ts';
import { pythonProject } from '../python/project.ts';
import type { Start, StartInput } from './types.ts';

const MAX_MANIFEST_BYTES = 1024 * 1024; // 1 MiB

/** What package.json, else pyproject.toml, calls the application; nothing when there is none that can be read. */
export async function packageNames(
  input: Pick<StartInput, 'app' | 'content' | 'tree'>,
): Promise<Pick<Start, 'name' | 'version'>> {
  const { app, content, tree } = input;
  const manifest = fileAt(tree, joinPath(app, 'package.json'));
  if (manifest === undefined) {
    const { name, version } = (await pythonProject(input)) ?? {};
    return { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
  }
  if (manifest.size > MAX_MANIFEST_BYTES) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(await content.read(manifest)).toString('utf8'));
    if (value === null || typeof value !== 'object') return {};
    const { name, version } = value as { name?: unknown; version?: unknown };
    return { ...(typeof name === 'string' ? { name } : {}), ...(typeof version === 'string' ? { version } : {}) };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
