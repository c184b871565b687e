import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hexOf, sha256 } from '../../base/digest.ts';
import { errnoOf, fromErrno, isTareError, TareError } from '../../base/error.ts';
import type { Context } from '../../base/events.ts';
import { makeFolders } from '../../base/folders.ts';
import { bytesOfText, cleanPath, isInside, quotePath, ROOT, type TreePath } from '../../base/path.ts';
import { ignoreRules } from '../../formats/ignorefile/index.ts';
import { createTree, plainDirectory } from '../../tree/memory.ts';
import type { Entry } from '../../tree/types.ts';
import { openContext } from '../context/index.ts';
import type { Source } from '../types.ts';
import { checkRef, gitRemote, type GitRemote } from './git-remote.ts';
import { openRepository, refSpecOf, type Repository, type ResolvedRef } from './git-repository.ts';
import { openGit, type Git, type GitSettings } from './git-run.ts';
import type { FileSystem } from './result.ts';
import { noLayers } from './sources.ts';

export type GitSource = Extract<Source, { readonly kind: 'git' }>;

export interface GitOptions extends Omit<GitSettings, 'signal'> {
  /** Of the store. Repositories and what was checked out are kept in `<home>/tare/solve/git`. */
  readonly home: string;
  readonly ctx: Context;
}

/** Of https as well: the submodules of a repository may be elsewhere. */
const SUBMODULE_PROTOCOLS = ['git', 'http', 'https', 'ssh'];

/**
 * The files of a commit, with those of its submodules: of root, 0644 or 0755, and all of the time of the commit, so that they are the same on every
 * machine. Without `.git`, unless it is kept. What is checked out is kept for later builds; a commit that is named in full is not asked for again.
 * @returns `cached`: the files were there already
 * @throws TareError E_FETCH, E_DIGEST (the checksum), E_PATH_NOT_FOUND and E_NOT_DIRECTORY (the folder in it), E_TOOL_MISSING, E_CANCELLED, …
 */
export async function gitFiles(
  source: GitSource,
  options: GitOptions,
): Promise<{ readonly files: FileSystem; readonly cached: boolean; readonly commit: string }> {
  const { ctx, home } = options;
  const remote = gitRemote(source.url, options.allowFile);
  checkRef(source.ref);
  const dir = join(home, 'tare', 'solve', 'git', hexOf(sha256(remote.url)));
  const git = openGit(remote, { ...options, signal: ctx.signal });
  const repository = openRepository(dir, remote, git, ctx.signal);
  const ref = await repository.resolve(source.ref);
  checkCommit(source, remote, ref.commit);
  const placeOf = (found: ResolvedRef): string => {
    const kept = source.keepGitDir ? `-${hexOf(sha256(found.name)).slice(0, 16)}` : '';
    return join(dir, 'trees', `${found.commit}${kept}`);
  };
  const there = await timeIn(placeOf(ref));
  if (there !== undefined)
    return { files: await filesOf(source, placeOf(ref), there, options), cached: true, commit: ref.commit };
  const checkout = { source, remote, git, repository, options };
  const found = await repository.with(ref, async (fetched) => {
    checkCommit(source, remote, fetched.commit);
    const place = placeOf(fetched);
    const time = (await timeIn(place)) ?? (await checkOut(fetched, place, checkout));
    return { place, time, commit: fetched.commit };
  });
  return { files: await filesOf(source, found.place, found.time, options), cached: false, commit: found.commit };
}

function checkCommit({ checksum }: GitSource, { url }: GitRemote, commit: string): void {
  if (checksum === undefined) return;
  const wanted = checksum.replace(/^sha(?:1|256):/, '');
  if (!/^[0-9a-f]{7,64}$/.test(wanted))
    throw new TareError('E_DIGEST', `the checksum ${JSON.stringify(checksum)} is no commit`, {
      hint: 'write the commit, 7 hexadecimal digits of it or more',
    });
  if (commit.startsWith(wanted)) return;
  throw new TareError('E_DIGEST', `${url} gives the commit ${commit}, the checksum is ${checksum}`, {
    hint: 'see what has changed; if that may be trusted, write the commit into the Dockerfile',
  });
}

interface CheckoutTools {
  readonly source: GitSource;
  readonly remote: GitRemote;
  readonly git: Git;
  readonly repository: Repository;
  readonly options: GitOptions;
}

/** @returns the time of the commit, in seconds */
async function checkOut({ commit, name }: ResolvedRef, place: string, tools: CheckoutTools): Promise<number> {
  const { git, options, remote, repository, source } = tools;
  const folder = join(place, '..');
  const doing = `cannot check ${commit} of ${remote.url} out`;
  try {
    makeFolders(folder);
    const temporary = await mkdtemp(join(folder, 'new-'));
    try {
      const cwd = join(temporary, 'files');
      makeFolders(cwd);
      const local = (...args: readonly string[]): Promise<string> => git(args, { cwd, protocols: [], doing });
      await local('init', '--quiet');
      // Submodules may be named relative to it.
      await local('remote', 'add', 'origin', remote.url);
      const tag = source.keepGitDir && name.startsWith('refs/tags/') ? [refSpecOf(name)] : [];
      const specs = [`refs/tare/commits/${commit}`, ...tag];
      await git(['fetch', '--quiet', '--no-tags', '--depth=1', '--end-of-options', repository.dir, ...specs], {
        cwd,
        protocols: ['file'],
        doing,
      });
      await local('checkout', '--quiet', '--force', '--detach', commit, '--');
      if (existsSync(join(cwd, '.gitmodules'))) await submodules(cwd, doing, tools);
      // The index without what the file system says of its files, which is never the same twice.
      if (source.keepGitDir) await local('read-tree', commit);
      await rm(join(cwd, '.git', 'FETCH_HEAD'), { force: true });
      if (!source.keepGitDir) await rm(join(cwd, '.git'), { recursive: true, force: true });
      const time = Number(
        (
          await git(['log', '-1', '--no-show-signature', '--format=%ct', commit, '--'], {
            cwd: repository.dir,
            protocols: [],
            doing,
          })
        ).trim(),
      );
      await writeFile(join(temporary, 'time'), String(time));
      await rename(temporary, place);
      options.ctx.onEvent({ kind: 'step.done', step: `check out ${remote.url}`, detail: commit });
      return time;
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    throw fromErrno(error, doing);
  }
}

async function submodules(cwd: string, doing: string, { git, options, remote }: CheckoutTools): Promise<void> {
  const protocols = [
    ...SUBMODULE_PROTOCOLS,
    ...(options.allowFile === true && remote.protocol === 'file' ? ['file'] : []),
  ];
  const update = ['submodule', '--quiet', 'update', '--init', '--recursive', '--force'];
  try {
    await git([...update, '--depth=1'], { cwd, protocols, doing });
  } catch (error) {
    if (!isTareError(error, 'E_FETCH')) throw error;
    // A server may give nothing but what its names stand for.
    await git(update, { cwd, protocols, doing });
  }
}

/** Of the commit that was checked out there, in seconds; undefined when it was not. */
async function timeIn(place: string): Promise<number | undefined> {
  try {
    const time = Number(await readFile(join(place, 'time'), 'utf8'));
    return Number.isSafeInteger(time) ? time : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fromErrno(error, `cannot read ${place}`);
  }
}

async function filesOf(
  { keepGitDir, subdir, url }: GitSource,
  place: string,
  mtime: number,
  { ctx, home }: GitOptions,
): Promise<FileSystem> {
  const ignore = keepGitDir ? undefined : ignoreRules(['**/.git'], { file: '.git' });
  const { digestsOf, save, tree } = await openContext({ dir: join(place, 'files'), ignore, home, ctx });
  const top = tree.resolve(cleanPath(bytesOfText(subdir)))?.entry;
  if (top === undefined)
    throw new TareError(
      'E_PATH_NOT_FOUND',
      `the repository ${gitRemote(url, true).url} has no folder ${JSON.stringify(subdir)}`,
    );
  if (top.type !== 'directory')
    throw new TareError(
      'E_NOT_DIRECTORY',
      `${JSON.stringify(subdir)} in the repository ${gitRemote(url, true).url} is a ${top.type}`,
    );
  const originals = new Map<TreePath, Entry>();
  const entries = [...tree.walk()].flatMap((entry): Entry[] => {
    if (entry.path === top.path || !isInside(top.path, entry.path)) return [];
    const path = (top.path === ROOT ? entry.path : entry.path.slice(top.path.length)) as TreePath;
    originals.set(path, entry);
    return [{ ...entry, path, mode: modeOf(entry), uid: 0, gid: 0, mtime }];
  });
  const originalOf = ({ path }: Entry): Entry => {
    const entry = originals.get(path);
    if (entry === undefined) throw new Error(`the repository has no ${quotePath(path)}`);
    return entry;
  };
  return {
    tree: createTree([{ ...plainDirectory(ROOT), mtime }, ...entries]),
    content: noLayers,
    digestsOf: async (wanted) => {
      const sha256Of = await digestsOf(wanted.filter(({ content }) => content !== undefined).map(originalOf));
      await save();
      return (entry) => sha256Of(originalOf(entry));
    },
  };
}

/** Of what git knows: whether a file may be executed. */
function modeOf({ mode, type }: Entry): number {
  if (type === 'symlink') return 0o777;
  return type === 'directory' || (mode & 0o100) !== 0 ? 0o755 : 0o644;
}
