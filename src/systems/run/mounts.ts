import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import type { Project, ServiceMount } from '../../formats/compose/types.ts';
import type { Mount, Sandbox } from '../../sandbox/types.ts';
import { readSecretSource } from '../secret-source.ts';
import { makeFolder, namesIn } from '../folders.ts';
import { fillVolume, type MountedImage } from './fill-volume.ts';
import type { Replica } from './plan.ts';

export { removeFolder } from '../folders.ts';

const PRIVATE = 0o700;

export interface MountTools {
  readonly project: Project;
  /** Holds the volumes of all projects: `FULLNAME/data`. */
  readonly volumes: string;
  /** For what only one container has: gone with the system. */
  readonly scratch: string;
  readonly sandbox: Pick<Sandbox, 'ids' | 'namespace'>;
  readonly ctx: Pick<Context, 'onEvent'>;
}

/** The mounts of a container; folders that are to be there are made, and an empty volume gets what the image has in its place. @throws TareError */
export async function mountsOf(
  { name, service }: Replica,
  image: MountedImage,
  tools: MountTools,
): Promise<readonly Mount[]> {
  const mounts: Mount[] = [];
  for (const [index, mount] of service.mounts.entries())
    mounts.push(await mountOf(mount, `${name}-${index}`, image, tools));
  return mounts;
}

async function mountOf(mount: ServiceMount, own: string, image: MountedImage, tools: MountTools): Promise<Mount> {
  const { target } = mount;
  switch (mount.kind) {
    case 'tmpfs':
      return { kind: 'tmpfs', target, size: mount.size, mode: mount.mode };
    case 'file':
      return {
        kind: 'secret',
        target,
        bytes: await readSecretSource(mount.source, `${mount.at}: the ${mount.of} ${mount.name}`),
        mode: mount.mode,
        uid: mount.uid,
        gid: mount.gid,
      };
    case 'bind':
      if (mount.create && !existsSync(mount.source)) {
        await makeFolder(mount.source);
        const message = `${mount.at}: ${mount.source} was not there: an empty folder was made`;
        tools.ctx.onEvent({ kind: 'warning', warning: { code: 'folder-made', message } });
      }
      return { source: mount.source, target, readOnly: mount.readOnly };
    default: {
      const dir = await volumeFolder(mount, own, tools);
      if (!mount.noCopy) await fillVolume(dir, target, image, tools.sandbox);
      return { source: dir, target, readOnly: mount.readOnly };
    }
  }
}

async function volumeFolder(
  { at, volume }: Extract<ServiceMount, { readonly kind: 'volume' }>,
  own: string,
  { project, scratch, volumes }: MountTools,
): Promise<string> {
  if (volume === undefined) {
    const dir = join(scratch, own);
    await makeFolder(dir);
    return dir;
  }
  const known = project.volumes.find(({ name }) => name === volume);
  if (known === undefined) throw new Error(`no volume ${volume}`);
  const dir = join(volumes, known.fullName, 'data');
  if (known.external && (await namesIn(join(volumes, known.fullName))) === undefined)
    throw new TareError('E_PATH_NOT_FOUND', `${at}: the volume ${known.fullName} is not there, and it is external`, {
      hint: 'start the project that it belongs to first, or leave `external` out',
    });
  // What a container makes there may run as root: nobody else of this machine gets at it.
  await makeFolder(join(volumes, known.fullName), PRIVATE);
  await makeFolder(dir);
  return dir;
}
