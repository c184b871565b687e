import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import type { Package } from '../../src/packages/types.ts';
import { imageGroups } from '../../src/plan/groups.ts';

const packageOf = (manager: Package['manager'], name: string): Package => ({
  manager,
  name,
  version: '1',
  record: pathOfText('/x'),
});

describe('the layer of a path', () => {
  it.each<readonly [path: string, owner: Package | undefined, group: string]>([
    ['/usr/bin/python3.11', packageOf('dpkg', 'python3.11-minimal'), 'runtime'],
    ['/usr/lib/python3.11/os.py', packageOf('dpkg', 'libpython3.11-minimal'), 'runtime'],
    ['/usr/bin/node', packageOf('dpkg', 'nodejs'), 'runtime'],
    ['/usr/lib/jvm/x', packageOf('dpkg', 'openjdk-17-jre-headless'), 'runtime'],
    ['/lib/libc.so.6', packageOf('dpkg', 'libc6'), 'system'],
    ['/etc/passwd', undefined, 'system'],
    ['/usr/local/bin/python3', undefined, 'runtime'],
    ['/usr/local/lib/python3.12/os.py', undefined, 'runtime'],
    ['/usr/local/lib/python3.12/site-packages/flask/app.py', packageOf('python', 'flask'), 'dependencies'],
    ['/usr/local/lib/python3.12/site-packages/stray.py', undefined, 'dependencies'],
    ['/app/node_modules/x/index.js', packageOf('npm', 'x'), 'dependencies'],
    ['/app/server.js', undefined, 'application'],
    ['/usr/share/dotnet/dotnet', undefined, 'runtime'],
  ])('%s', (path, owner, group) => {
    expect(imageGroups([pathOfText('/app')], () => owner)(pathOfText(path))).toBe(group);
  });
});
