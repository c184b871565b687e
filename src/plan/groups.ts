import { isInside, type TreePath } from '../base/path.ts';
import type { Package } from '../packages/types.ts';
import type { Group } from './types.ts';

/** Packages of operating systems that are run times of languages: they change with the language's releases, not with the system's. */
const RUN_TIME_PACKAGE =
  /^(?:lib)?(?:python3|nodejs|node-|node$|openjdk|java|dotnet|aspnetcore|golang|ruby|perl|php|erlang|elixir|lua|mono)/;
/** Where run times are that no package manager installed. */
const RUN_TIME_FOLDER =
  /^\/(?:usr\/local\/(?:lib\/(?:python\d|node|ruby|php|jvm)|bin\/(?:python|node|ruby|php|java)|go\/|share\/dotnet\/)|usr\/(?:share|lib)\/dotnet\/|usr\/lib\/jvm\/|opt\/(?:java|jdk|dotnet|python|node)[^/]*\/)/;
const DEPENDENCIES = /\/(?:node_modules|site-packages|dist-packages)(?:\/|$)/;

/** Which layer a path goes to when an image is grouped anew: by how often such files change. */
export function imageGroups(
  applications: readonly TreePath[],
  ownerOf: (path: TreePath) => Package | undefined,
): (path: TreePath) => Group {
  return (path) => {
    const owner = ownerOf(path);
    if (owner?.manager === 'npm' || owner?.manager === 'python')
      return applications.some((folder) => path === folder) ? 'application' : 'dependencies';
    if (owner !== undefined) return RUN_TIME_PACKAGE.test(owner.name) ? 'runtime' : 'system';
    if (DEPENDENCIES.test(path)) return 'dependencies';
    if (applications.some((folder) => isInside(folder, path))) return 'application';
    return RUN_TIME_FOLDER.test(path) ? 'runtime' : 'system';
  };
}

export interface ApplicationGroups {
  /** The folder of the application. */
  readonly app: TreePath;
  /** The interpreter and its links; folders of its library. */
  readonly runtimes: ReadonlySet<TreePath>;
  /** Folders that hold nothing but what was installed: an environment of Python. */
  readonly installed?: readonly TreePath[];
}

/** Which layer a path of a built application belongs to. */
export function applicationGroups({ app, installed = [], runtimes }: ApplicationGroups): (path: TreePath) => Group {
  const folders = [...runtimes];
  return (path) => {
    if (runtimes.has(path)) return 'runtime';
    if (DEPENDENCIES.test(path) || installed.some((folder) => isInside(folder, path))) return 'dependencies';
    if (isInside(app, path)) return 'application';
    return folders.some((folder) => isInside(folder, path)) ? 'runtime' : 'system';
  };
}
