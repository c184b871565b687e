import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateApplication } from '../../src/build/application.ts';
import { tempDir } from '../helpers/temp.ts';

/** A folder `packages/a` below a root with these files. */
function workspace(files: Readonly<Record<string, string>>): { root: string; own: string } {
  const root = tempDir();
  const own = join(root, 'packages', 'a');
  mkdirSync(own, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return { root, own };
}

describe('locateApplication', () => {
  it.each([
    ['npm', { 'package.json': '{"workspaces":["packages/*"]}' }, true],
    ['yarn', { 'package.json': '{"workspaces":{"packages":["./packages/**"]}}' }, true],
    ['pnpm', { 'pnpm-workspace.yaml': 'packages:\n  - packages/*\n' }, true],
    ['not a member', { 'package.json': '{"workspaces":["apps/*"]}' }, false],
    ['taken out', { 'package.json': '{"workspaces":["packages/*","!packages/a"]}' }, false],
    ['a root that cannot be read', { 'package.json': '{' }, false],
    ['workspaces of another kind', { 'package.json': '{"workspaces":7}' }, false],
    ['pnpm, not YAML', { 'pnpm-workspace.yaml': 'packages: [' }, false],
  ])('%s', async (_what, files, member) => {
    const { own, root } = workspace(files);
    const found = await locateApplication(own, undefined);
    expect(found.hostRoot).toBe(member ? root : own);
    expect(found.dir).toBe(member ? '/app/packages/a' : '/app');
    expect(found.mount).toBe('/app');
  });

  it.each(['/', '/usr', '/etc', '../..', '/usr/lib/'])('refuses to lay the application over %s', async (workdir) => {
    await expect(locateApplication(tempDir(), workdir)).rejects.toMatchObject({ code: 'E_CONFIG' });
  });
});
