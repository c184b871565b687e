import type { Rule, Wanted } from './types.ts';

/**
 * What single packages load or read in ways that no general rule sees: by the module that does it, the modules (a trailing `.*` means all
 * that are directly in a package) and the reason.
 */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  // The loader of a package answers `files()` with it (Lib/importlib/_bootstrap_external.py, get_resource_reader).
  'importlib.resources': [
    'importlib.readers',
    'importlib.resources.readers',
    'importlib.resources.simple',
    'importlib._adapters',
  ],
  'pkg_resources.extern': ['pkg_resources._vendor.*'],
  'setuptools.extern': ['setuptools._vendor.*'],
  // The SQL dialects are entry points of the package itself: their names are in URLs.
  'sqlalchemy.dialects': ['sqlalchemy.dialects.sqlite', 'sqlalchemy.dialects.postgresql', 'sqlalchemy.dialects.mysql'],
  'passlib.registry': ['passlib.handlers.*'],
  psycopg2: ['psycopg2.extensions', 'psycopg2._range', 'psycopg2._json', 'decimal', 'datetime'],
  'dns.rdata': ['dns.rdtypes.*', 'dns.rdtypes.ANY.*', 'dns.rdtypes.IN.*'],
  'Crypto.Cipher': ['Crypto.Cipher.*'],
  encodings: [],
  'numpy.core': [
    'numpy.core._methods',
    'numpy.core._internal',
    'numpy.core._dtype_ctypes',
    'numpy.core._dtype',
    'numpy.core._exceptions',
    'numpy.core._string_helpers',
  ],
  'numpy._core': [
    'numpy._core._methods',
    'numpy._core._internal',
    'numpy._core._dtype_ctypes',
    'numpy._core._dtype',
    'numpy._core._exceptions',
  ],
  'lxml.etree': ['lxml._elementpath', 'lxml.sax'],
  'kombu.serialization': ['json', 'pickle', 'yaml', 'msgpack'],
  billiard: [
    'billiard.popen_fork',
    'billiard.popen_spawn_posix',
    'billiard.popen_forkserver',
    'billiard.heap',
    'billiard.synchronize',
  ],
};

export const packages: Rule = {
  name: 'packages',
  modules: Object.keys(TABLE),
  find({ module = '', process }) {
    const out: Wanted[] = [];
    for (const name of TABLE[module] ?? []) {
      const because = `${module} loads it by name`;
      const names = name.endsWith('.*') ? process.resolver.children(name.slice(0, -2)) : [name];
      for (const item of names)
        if (process.resolver.find(item) !== undefined) out.push({ module: item, because, certainty: 'likely' });
    }
    return out;
  },
};
