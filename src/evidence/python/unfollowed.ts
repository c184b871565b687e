import { isTest } from './names.ts';
import type { Import } from './scan/types.ts';

/** Who imports, as far as it matters here. */
interface Importer {
  readonly module: string | undefined;
  /** Neither python's nor an installed package's. */
  readonly own: boolean;
  readonly stdlib: boolean;
}

/**
 * Tools of the workshop. A package that imports one inside a function does so when somebody debugs, tests or builds; a package that needs one
 * always imports it at its top.
 */
const WORKSHOP = new Set(
  `IPython _pytest antigravity bdb compileall coverage cProfile distutils doctest ensurepip hypothesis idlelib ipdb ipykernel lib2to3 mypy
  msvcrt nose pdb pip pkg_resources profile pstats pudb py_compile pydevd pydoc pydoc_data pyflakes pytest rlcompleter setuptools sphinx test
  this tkinter turtle turtledemo unittest venv wheel winreg`.split(/\s+/),
);

/** The same, of packages that are no workshop by themselves. */
const WORKSHOP_PARTS =
  /^(?:numpy\.(?:distutils|f2py)|django\.test|flask\.testing|click\.testing|twisted\.trial|zope\.testing|scipy\._build_utils)(?:\.|$)/;

/** Modules none of whose imports are followed: hooks for tools of the workshop, code for other systems. */
const NONE: ReadonlySet<string> = new Set([
  '_distutils_hack',
  'multiprocessing.popen_spawn_win32',
  'asyncio.windows_events',
  'asyncio.windows_utils',
  'encodings.mbcs',
  'encodings.oem',
  'setuptools.msvc',
  // Tables of all languages: the rule for pygments knows who wants them.
  'pygments.lexers._mapping',
  'pygments.formatters._mapping',
  'pygments.styles._mapping',
]);

/** Imports inside functions that serve people at a prompt, or cases that come with a module of their own, by who imports: full names. */
const LAZY: Readonly<Record<string, readonly string[]>> = {
  _sitebuiltins: ['pydoc'],
  'concurrent.futures': ['concurrent.futures.process', 'concurrent.futures.interpreter'],
  'importlib._bootstrap_external': ['importlib.metadata', 'importlib.readers'],
  cmd: ['readline'],
  platform: ['plistlib', '_ios_support', '_android_support', 'java.lang', 'vms_lib'],
  site: [
    'readline',
    'rlcompleter',
    '_pyrepl.main',
    '_pyrepl.readline',
    '_pyrepl.unix_console',
    '_pyrepl.pager',
    '_pyrepl',
    'usercustomize',
    '_osx_support',
  ],
  sysconfig: ['_osx_support', '_aix_support', 'pprint'],
  uuid: ['ctypes', 'ctypes.util'],
};

/** Functions of the standard library that run when somebody runs the module as a program. */
const TRIAL_FUNCTION = /^_*(?:main|test|demo|usage)$/;

/** Whether nothing that a module names is followed. */
export function isUnfollowed(module: string | undefined): boolean {
  return module !== undefined && NONE.has(module);
}

/** Whether one import is left out, although what it names may be there. `name` is the full name of the module. */
export function isLeftOut({ module, own, stdlib }: Importer, { lazy, within }: Import, name: string): boolean {
  if (own || lazy !== true) return false;
  const [top = ''] = name.split('.');
  // Once a tool itself is used, its own parts are no excursions.
  if ((WORKSHOP.has(top) && module?.split('.')[0] !== top) || WORKSHOP_PARTS.test(name) || isTest(name)) return true;
  if (within !== undefined && (/^_*test_|_test$/.test(within) || (stdlib && TRIAL_FUNCTION.test(within)))) return true;
  return module !== undefined && stdlib && LAZY[module]?.includes(name) === true;
}
