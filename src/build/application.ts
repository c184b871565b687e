import { realpath, stat } from 'node:fs/promises';
import picomatch from 'picomatch';
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
  /** The files were made for this build alone, and are gone after it. */
  readonly isCompiled?: true;
  /** Host files above the application that were looked for. */
  readonly asked: readonly string[];
}

const APP = '/app';
const SYSTEM_FOLDERS = new Set(
  ['bin', 'dev', 'etc', 'lib', 'lib64', 'proc', 'run', 'sbin', 'sys', 'usr', 'usr/bin', 'usr/lib', 'var'].map(
    (name) => `/${name}`,
  ),
);
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
  if (mount === '/' || SYSTEM_FOLDERS.has(mount)) {
    throw new TareError('E_CONFIG', `workdir: the application at ${mount} would hide the system's own files`, {
      hint: 'give it a folder of its own, such as /app',
    });
  }
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

/** The nearest folder above that declares workspaces and counts this one among them (npm, yarn: package.json; pnpm: its own file). */
async function workspaceOf(own: string, asked: string[]): Promise<string | undefined> {
  let at = dirname(own);
  for (let climbed = 0; climbed < MAX_CLIMB && at !== dirname(at); climbed += 1, at = dirname(at)) {
    const [forPnpm, manifest] = [join(at, 'pnpm-workspace.yaml'), join(at, 'package.json')];
    asked.push(forPnpm, manifest);
    const patterns = await declaredWorkspaces(await readSmall(forPnpm), await readSmall(manifest));
    if (patterns.length > 0 && isMember(relative(at, own), patterns)) return at;
  }
  return undefined;
}

async function declaredWorkspaces(forPnpm: string | undefined, manifest: string | undefined): Promise<string[]> {
  try {
    if (forPnpm !== undefined) {
      const { parse } = await import('yaml');
      return textsOf((parse(forPnpm, { maxAliasCount: 50 }) as { packages?: unknown } | null)?.packages);
    }
    if (manifest === undefined) return [];
    const workspaces = (JSON.parse(manifest) as { workspaces?: unknown } | null)?.workspaces;
    return textsOf(
      Array.isArray(workspaces) ? workspaces : (workspaces as { packages?: unknown } | undefined)?.packages,
    );
  } catch (error) {
    // Somebody else's file above the application: what it says does not matter when it cannot be read.
    if (error instanceof Error) return [];
    throw error;
  }
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** As npm and pnpm read it: the last pattern that fits decides, `!` takes out. */
function isMember(folder: string, patterns: readonly string[]): boolean {
  let member = false;
  for (const pattern of patterns) {
    const out = pattern.startsWith('!');
    const glob = pattern.replace(/^!/, '').replace(/^\.\//, '').replace(/\/+$/, '');
    if (picomatch.isMatch(folder, glob, { dot: true })) member = !out;
  }
  return member;
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
