import type { Rule, Wanted } from './types.ts';

/** `pkg_resources.extern.packaging.version`: the importer of `extern` looks for it in the package `_vendor` beside it (setuptools, pkg_resources/extern/__init__.py). */
const NAME = /^((?:[A-Za-z_]\w*\.)*(?:pkg_resources|setuptools))\.extern\.(.+)$/;

/** Modules that setuptools brings along and loads under another name. */
export const vendored: Rule = {
  name: 'vendored',
  find({ process, scan }) {
    const named = [
      ...scan.imports.flatMap(({ line, module, names = [] }) =>
        [module, ...names.map((name) => `${module}.${name}`)].map((name) => ({ name, line })),
      ),
      ...scan.dotted.map(([name, line]) => ({ name, line })),
      ...scan.loads.flatMap(({ line, names }) => names.map((name) => ({ name, line }))),
    ];
    const out: Wanted[] = [];
    for (const { line, name } of named) {
      const [, home = '', rest = ''] = NAME.exec(name) ?? [];
      const module = `${home}._vendor.${rest}`;
      if (home === '' || process.resolver.find(module) === undefined) continue;
      out.push({ module, because: `${name} stands for ${module}`, certainty: 'sure', line });
    }
    return out;
  },
};
