import type { ServiceMount } from '../../../formats/compose/types.ts';
import { isMounted } from '../process.ts';
import { createNames, labelName } from './names.ts';
import { CONTENT_KEY, type Json, type WorkloadInput } from './types.ts';

/** A project does not say how large its volumes are. */
export const VOLUME_SIZE = '1Gi';

interface Mounted {
  readonly volumes: readonly Json[];
  readonly mounts: readonly Json[];
}

/** Volumes that belong to a service alone are claimed by its StatefulSet, and have no entry among the pod's volumes. */
export function volumesOf(input: WorkloadInput): Mounted {
  const { facts, service } = input;
  const given = service.mounts.flatMap((mount, index) => mountedAt(mount, `mount-${index}`, input) ?? []);
  // With a root that is read-only these would be gone too; a container engine makes them itself.
  const folders = ['/tmp', ...Object.keys(facts.config.Volumes ?? {})].filter(
    (path) => path.startsWith('/') && !isMounted(service, path),
  );
  const nameOf = createNames();
  const made = [...new Set(folders)].sort().map((mountPath): OneMount => {
    const name = mountPath === '/tmp' ? 'tmp' : nameOf(`image-${mountPath}`);
    return { volume: { name, emptyDir: {} }, mount: { name, mountPath } };
  });
  const all: readonly OneMount[] = [...given, ...made];
  const volumes = all.flatMap(({ volume }) => (volume === undefined ? [] : [volume]));
  return {
    volumes: [...new Map(volumes.map((volume) => [volume['name'], volume])).values()],
    mounts: all.map(({ mount }) => mount),
  };
}

interface OneMount {
  readonly volume?: Json;
  readonly mount: Json;
}

function mountedAt(mount: ServiceMount, name: string, input: WorkloadInput): OneMount | undefined {
  const { names, project, service, warn } = input;
  const mountPath = mount.target;
  switch (mount.kind) {
    case 'bind':
      warn(
        mount.at,
        `${service.name}: ${mount.source} is a folder of one machine, and is left out: ${mount.target} has to be in the image, a config or a volume`,
      );
      return undefined;
    case 'tmpfs': {
      if (mount.mode !== undefined && mount.mode !== 0o1777)
        warn(mount.at, `${service.name}: everybody may write to ${mount.target}: a mode cannot be given`);
      const size = mount.size === undefined ? {} : { sizeLimit: String(mount.size) };
      return { volume: { name, emptyDir: { medium: 'Memory', ...size } }, mount: { name, mountPath } };
    }
    case 'volume': {
      const readOnly = mount.readOnly ? { readOnly: true } : {};
      if (mount.volume === undefined)
        return { volume: { name, emptyDir: {} }, mount: { name, mountPath, ...readOnly } };
      const volume = names.volume(mount.volume);
      if (isOwn(mount.volume, input)) return { mount: { name: volume, mountPath, ...readOnly } };
      const known = project.volumes.find((each) => each.name === mount.volume);
      const claimName = known?.external === true ? labelName(known.fullName) : volume;
      return {
        volume: { name: volume, persistentVolumeClaim: { claimName } },
        mount: { name: volume, mountPath, ...readOnly },
      };
    }
    default: {
      if (mount.uid !== 0 || mount.gid !== 0)
        warn(mount.at, `${service.name}: ${mount.target} belongs to root: no other owner can be given`);
      const items = [{ key: CONTENT_KEY, path: CONTENT_KEY, mode: mount.mode }];
      const source =
        mount.of === 'config'
          ? { configMap: { name: names.config(mount.name), items } }
          : { secret: { secretName: names.secret(mount.name), items } };
      return { volume: { name, ...source }, mount: { name, mountPath, subPath: CONTENT_KEY, readOnly: true } };
    }
  }
}

/** Whether no other service has this volume, and the project makes it. */
export function isOwn(volume: string, { project, service }: Pick<WorkloadInput, 'project' | 'service'>): boolean {
  const isExternal = project.volumes.find(({ name }) => name === volume)?.external === true;
  return !isExternal && usersOf(volume, project).every((name) => name === service.name);
}

export function usersOf(volume: string, { services }: WorkloadInput['project']): readonly string[] {
  return services
    .filter(({ mounts }) => mounts.some((mount) => mount.kind === 'volume' && mount.volume === volume))
    .map(({ name }) => name);
}
