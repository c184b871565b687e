import { realpath, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { errnoOf, fromErrno, isTareError, TareError } from '../base/error.ts';
import { bytesOfText, cleanPath, type TreePath } from '../base/path.ts';
import { readSmallFile } from '../base/small-file.ts';

/** Where the application is on the host and where it goes in the image. */
export interface Application {
  /** Host folder that becomes `mount`: the application itself, or the workspace that it is a part of. */
  readonly hostRoot: string;
  readonly mount: TreePath;
  /** The application's own folder in the image, below or equal to `mount`. */
  readonly dir: TreePath;
  /** Host files above the application that were looked for. */
  readonly asked: readonly string[];
}

const APP = '/app';
/** How many folders above the application are searched for a workspace. */
const MAX_CLIMB = 8;
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024; // 4 MiB

/**
 * A package of a workspace finds its dependencies in the workspace's node_modules, so the whole workspace is offered (evidence still
 * decides what is taken).
 * @throws TareError E_NOT_DIRECTORY, E_PATH_NOT_FOUND, E_PERMISSION
 */
export async function locateApplication(dir: string, workdir: string | undefined): Promise<Application> {
  let own: string;
  let info;
  try {
    own = await realpath(dir);
    info = await stat(own);
  } catch (error) {
    throw fromErrno(error, `cannot read the application folder ${JSON.stringify(dir)}`, {
      hint: 'name a folder: `tare build DIR`',
    });
  }
  if (!info.isDirectory())
    throw new TareError('E_NOT_DIRECTORY', `${JSON.stringify(dir)} is not a folder`, {
      hint: 'name the folder that holds the application: `tare build DIR`',
    });
  const mount = mountOf(workdir ?? APP);
  const asked: string[] = [];
  const workspace = await workspaceOf(own, asked);
  const inner = workspace === undefined ? '' : relative(workspace, own);
  return { hostRoot: workspace ?? own, mount, dir: cleanPath(`${mount}/${bytesOfText(inner)}`), asked };
}

function mountOf(workdir: string): TreePath {
  try {
    return cleanPath(bytesOfText(workdir));
  } catch (error) {
    throw new TareError('E_CONFIG', `workdir: ${JSON.stringify(workdir)} is no folder of the image`, {
      hint: 'give an absolute path, such as /app',
      cause: error,
    });
  }
}

async function workspaceOf(own: string, asked: string[]): Promise<string | undefined> {
  let at = dirname(own);
  for (let climbed = 0; climbed < MAX_CLIMB && at !== dirname(at); climbed += 1, at = dirname(at)) {
    asked.push(join(at, 'pnpm-workspace.yaml'), join(at, 'package.json'));
    if ((await readSmall(join(at, 'pnpm-workspace.yaml'))) !== undefined) return at;
    const manifest = await readSmall(join(at, 'package.json'));
    if (manifest !== undefined && declaresWorkspaces(manifest)) return at;
  }
  return undefined;
}

function declaresWorkspaces(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && 'workspaces' in value;
  } catch {
    // Somebody else's package.json above the application: what it says does not matter when it cannot be read.
    return false;
  }
}

async function readSmall(file: string): Promise<string | undefined> {
  try {
    return (await readSmallFile(file, MAX_MANIFEST_BYTES)).toString('utf8');
  } catch (error) {
    // Somebody else's folder, pipe or huge file above the application is no reason to fail.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return undefined;
    if (isTareError(error)) return undefined;
    throw fromErrno(error, `cannot read ${file}`);
  }
}
