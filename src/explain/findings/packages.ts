import { compareBytes } from '../../base/path.ts';
import type { Subject } from './subject.ts';
import type { PackageCount } from './types.ts';

export function packageCounts({ databases }: Pick<Subject, 'databases'>): readonly PackageCount[] {
  return databases
    .map(({ lacks, manager, packages }) => ({
      manager,
      count: packages.length,
      partial: packages.filter((pkg) => lacks(pkg) > 0).length,
    }))
    .sort((a, b) => compareBytes(a.manager, b.manager));
}
