import { nameOf } from '../../../base/path.ts';
import { folderAt } from '../../node/files.ts';
import type { Rule } from './types.ts';

/** `sysconfig` reads how python was built from a module with a name of its own for every machine (Lib/sysconfig.py, _get_sysconfigdata_name). */
export const sysconfig: Rule = {
  name: 'sysconfig',
  modules: ['sysconfig', 'sysconfig.__init__', 'zoneinfo._tzpath'],
  find({ process: { layout, tree } }) {
    const folder = folderAt(tree, layout.stdlib);
    return (folder === undefined ? [] : tree.children(folder.path)).flatMap(({ path }) => {
      const module = /^(_sysconfigdata_[\w-]*)\.py$/.exec(nameOf(path))?.[1];
      return module === undefined ? [] : [{ module, because: 'sysconfig reads it', certainty: 'likely' } as const];
    });
  },
};
