import type { RunSpec } from './types.ts';

/** How the folders of a container are mounted: what the launch script reads. Names are relative to the bundle. */
export interface Layout {
  /** Name in the bundle → folder of the host. */
  readonly links: ReadonlyMap<string, string>;
  /** The root's `lowerdir=`: uppermost first. */
  readonly lowers: string;
  /** Whether changes are kept: `changes/upper` and `changes/work`. */
  readonly keepsChanges: boolean;
  /** A line for each view: its name, its `lowerdir=`, and the name of the folder for its changes, or nothing. */
  readonly views: readonly string[];
  /** A line for each secret: its name, mode, owner, and its bytes in base64. */
  readonly secrets: readonly string[];
  /** Where `spec.mounts[index]` is found in the bundle, or on the host. */
  readonly sources: readonly string[];
}

export function layoutOf(spec: RunSpec): Layout {
  const links = new Map<string, string>();
  const views: string[] = [];
  const secrets: string[] = [];
  const lowers = spec.changes?.lowers ?? [spec.rootfs];
  for (const [index, lower] of lowers.entries()) links.set(`l${index}`, lower);
  if (spec.changes !== undefined) links.set('changes', spec.changes.dir);
  const sources = spec.mounts.map((mount, number) => {
    switch (mount.kind) {
      case 'tmpfs':
        return 'tmpfs';
      case 'secret': {
        const octal = (mount.mode & 0o7777).toString(8);
        secrets.push(`s${number} ${octal} ${mount.uid}:${mount.gid} ${Buffer.from(mount.bytes).toString('base64')}`);
        return `scratch/s${number}`;
      }
      case 'view': {
        for (const [index, lower] of mount.lowers.entries()) links.set(`v${number}-${index}`, lower);
        const names = mount.lowers.map((_, index) => `v${number}-${index}`).reverse();
        if (mount.changes !== undefined) links.set(`c${number}`, mount.changes);
        // Without an upper folder overlayfs wants two lower ones.
        const all = mount.changes === undefined ? [...names, 'empty'] : names;
        views.push(`v${number} ${all.join(':')} ${mount.changes === undefined ? '' : `c${number}`}`.trimEnd());
        return `scratch/v${number}${mount.source === '/' ? '' : mount.source}`;
      }
      default:
        return mount.source;
    }
  });
  return {
    links,
    lowers: lowers
      .map((_, index) => `l${index}`)
      .reverse()
      .join(':'),
    keepsChanges: spec.changes !== undefined,
    views,
    secrets,
    sources,
  };
}
