import type { Warning } from '../base/events.ts';
import { isInside, nameOf, textOfBytes, type TreePath } from '../base/path.ts';
import type { Gathered } from '../evidence/gather.ts';
import { isSecret } from '../evidence/node/own-files.ts';
import type { Warehouse } from './warehouse.ts';

/**
 * What others may not read on this machine does not leave it, whatever link of the application leads there (`x -> /etc/shadow`): in the
 * image everybody could. Only an `include` brings it along.
 */
export function withoutPrivate(gathered: Gathered, warehouse: Warehouse, mount: TreePath): Gathered {
  const asked = new Set<TreePath>();
  const found = new Set<TreePath>();
  for (const { kind, to } of gathered.graph.edges) {
    if (kind === 'include') asked.add(to);
    if (!isInside(mount, to) && !gathered.excluded(to) && (warehouse.isPrivate(to) || isHostSecret(warehouse, to)))
      found.add(to);
  }
  for (const path of asked) found.delete(path);
  if (found.size === 0) return gathered;
  const warnings = [...found].sort().map((path): Warning => ({
    code: 'private-file',
    message: `${textOfBytes(path)} is left out: on this machine others may not read it; \`include\` it if everybody may`,
  }));
  return {
    ...gathered,
    excluded: (path) => found.has(path) || gathered.excluded(path),
    warnings: [...gathered.warnings, ...warnings],
  };
}

function isHostSecret(warehouse: Warehouse, path: TreePath): boolean {
  return warehouse.kind === 'host' && isSecret(nameOf(path));
}
