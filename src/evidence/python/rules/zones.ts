import { pathOfText } from '../../../base/path.ts';
import { folderAt } from '../../node/files.ts';
import type { Rule, Wanted } from './types.ts';

/** Time zones are read by name from the system, and from the package tzdata where the system has none (Lib/zoneinfo/_tzpath.py, PEP 615). */
export const zones: Rule = {
  name: 'zones',
  modules: ['zoneinfo', 'zoneinfo._common', 'dateutil.tz.tz', 'pytz', 'tzlocal', 'tzlocal.unix'],
  find({ module = '', process }) {
    const out: Wanted[] = [];
    const system = pathOfText('/usr/share/zoneinfo');
    const there = folderAt(process.tree, system) !== undefined;
    if (there) out.push({ folder: system, because: `${module} reads time zones from it`, certainty: 'likely' });
    for (const name of ['tzdata', 'tzdata.zoneinfo']) {
      const found = process.resolver.find(name);
      if (found === undefined || found.path === undefined) continue;
      const because = `${module} reads time zones from it where the system has none`;
      out.push({ module: name, because, certainty: 'likely' });
      if (name === 'tzdata.zoneinfo' && !there)
        for (const folder of found.search) out.push({ folder, because, certainty: 'likely' });
    }
    return out;
  },
};
