import { describe, expect, it } from 'vitest';
import { pathOfText } from '../../../src/base/path.ts';
import { checkRequirements, requiredName } from '../../../src/build/python/requirements.ts';
import { memoryTree } from '../../helpers/memory-tree.ts';

describe('the name of a requirement', () => {
  it.each([
    ['flask', 'flask'],
    ['Flask==3.0.0', 'flask'],
    ['ruamel.yaml >= 0.17, < 1', 'ruamel-yaml'],
    ['zope.interface_x[test,docs]~=1.0', 'zope-interface-x'],
    ['pkg @ https://example.org/pkg.whl', 'pkg'],
    ['psycopg2 (>=2.9)', 'psycopg2'],
    ['tomli; python_version < "3.11"', undefined],
    ['tomli; python_version < "3.12"', 'tomli'],
    ["tomli ; (python_version>='3.9')", 'tomli'],
    ['pywin32; sys_platform == "win32"', undefined],
    ['uvloop; sys_platform != "win32"', 'uvloop'],
    ['x; extra == "test"', undefined],
    ['x; python_version < "3.12" and sys_platform == "linux"', undefined],
    ['pkg --hash=sha256:00', 'pkg'],
    ['./local', undefined],
    ['https://example.org/x.whl', undefined],
    ['git+ssh://example.org/x', undefined],
    ['', undefined],
  ])('%j', (line, expected) => {
    expect(requiredName(line, '3.11')).toBe(expected);
  });
});

describe('what is not installed', () => {
  const SITE = '/app/.venv/lib/python3.11/site-packages';
  const check = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const python = {
      program: pathOfText('/app/.venv/bin/python'),
      homes: [],
      env: {},
      moves: [],
      version: '3.11',
      packages: [pathOfText(SITE)],
    };
    try {
      await checkRequirements({ ...memoryTree(files), app: pathOfText('/app'), python });
      return 'all there';
    } catch (error) {
      return `${(error as { code: string }).code} ${(error as Error).message}`;
    }
  };
  const METADATA = `${SITE}/Flask_Thing-3.0.dist-info/METADATA`;

  it.each([
    [{ '/app/requirements.txt': 'flask-thing==3.0\n', [METADATA]: '' }, 'all there'],
    [
      {
        '/app/requirements.txt': 'flask-thing # x\n-r more.txt\n',
        '/app/more.txt': 'gunicorn \\\n  >= 2\n',
        [METADATA]: '',
      },
      'gunicorn',
    ],
    [{ '/app/requirements.txt': '-r requirements.txt\n--index-url https://x\n-e .\n' }, 'all there'],
    [
      {
        '/app/pyproject.toml': '[project]\ndependencies = ["flask-thing", "b>1", "c; extra == \'x\'"]',
        [METADATA]: '',
      },
      'E_NOT_INSTALLED pyproject.toml names',
    ],
    [
      {
        '/app/pyproject.toml':
          '[tool.poetry.dependencies]\npython = "^3.9"\nFlask-thing = "*"\nx = { version = "1", optional = true }',
        [METADATA]: '',
      },
      'all there',
    ],
    [{ '/app/pyproject.toml': 'x' }, 'E_TOML'],
    [{ '/app/requirements.txt': 'crit', [`${SITE}/crit-3.17.1-py3.11.egg-info`]: '' }, 'all there'],
  ])('%#', async (files, expected) => {
    expect(await check(files)).toContain(expected);
  });
});
