import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled } from '../../base/context.ts';
import { hexOf, sha256 } from '../../base/digest.ts';
import { fromErrno, isTareError, TareError } from '../../base/error.ts';
import { makeFolders } from '../../base/folders.ts';
import { withLock } from '../../store/lock.ts';
import { isCommit, type GitRemote } from './git-remote.ts';
import type { Git } from './git-run.ts';

/** What a name stands for in a repository. */
export interface ResolvedRef {
  /** In full: `refs/heads/main`, `HEAD`; empty for a commit. */
  readonly name: string;
  readonly commit: string;
}

/** The cache of one repository: its objects, as many as were asked for. */
export interface Repository {
  /** A bare repository. */
  readonly dir: string;
  /** Asks the server what a branch or tag is now; a full commit needs no asking. @throws TareError E_FETCH */
  resolve(ref: string): Promise<ResolvedRef>;
  /** Makes sure that the commit is there, and gives it to `work` before anybody else may change the cache. @throws TareError E_FETCH */
  with<T>(ref: ResolvedRef, work: (ref: ResolvedRef) => Promise<T>): Promise<T>;
}

/** Of the lock, at a time: so often it is asked whether the build is to be given up. */
const LOCK_WAIT_MS = 1000;
/** References of the cache, so that what was fetched can be handed on. */
const COMMITS = 'refs/tare/commits';

export function openRepository(dir: string, remote: GitRemote, git: Git, signal: AbortSignal): Repository {
  const bare = join(dir, 'repository.git');
  const busy = join(dir, 'busy');
  const protocols = remote.protocol === 'http' ? ['http', 'https'] : [remote.protocol];
  const local = (args: readonly string[], doing: string): Promise<string> =>
    git(args, { cwd: bare, protocols: [], doing });
  const asking = (args: readonly string[], doing: string): Promise<string> =>
    git(args, { cwd: bare, protocols, doing });
  const fetching = `cannot fetch ${remote.url}`;

  const commitOf = async (name: string): Promise<string | undefined> => {
    try {
      return (await local(['rev-parse', '--verify', '--quiet', `${name}^{commit}`], fetching)).trim();
    } catch (error) {
      if (isTareError(error, 'E_FETCH')) return undefined;
      throw error;
    }
  };
  const fetch = (...specs: readonly string[]): Promise<string> =>
    asking(
      ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--force', '--end-of-options', remote.url, ...specs],
      fetching,
    );
  const shallow = (spec: string): Promise<string> =>
    asking(
      [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-recurse-submodules',
        '--force',
        '--depth=1',
        '--end-of-options',
        remote.url,
        spec,
      ],
      fetching,
    );

  const fetchCommit = async (commit: string): Promise<void> => {
    try {
      await shallow(`+${commit}:${COMMITS}/${commit}`);
    } catch (error) {
      if (!isTareError(error, 'E_FETCH')) throw error;
      // A server may give nothing but what its names stand for: then all of it.
      await fetch('+refs/heads/*:refs/tare/all/heads/*', '+refs/tags/*:refs/tare/all/tags/*');
    }
  };
  const present = async ({ commit, name }: ResolvedRef): Promise<ResolvedRef> => {
    const ready = async (found: string): Promise<ResolvedRef> => {
      await local(['update-ref', `${COMMITS}/${found}`, found], fetching);
      return { name, commit: found };
    };
    if ((await commitOf(commit)) === commit) return ready(commit);
    if (name === '') {
      await fetchCommit(commit);
      const found = await commitOf(commit);
      if (found === commit) return ready(commit);
      throw new TareError('E_FETCH', `${fetching}: there is no commit ${commit} in it`, {
        hint: 'name a commit that a branch or a tag of the repository leads to',
      });
    }
    const kept = keptRef(name);
    await shallow(`+${name}:${kept}`);
    const found = await commitOf(kept);
    if (found === undefined) throw new TareError('E_FETCH', `${fetching}: ${name} is no commit`);
    return ready(found);
  };

  return {
    dir: bare,
    resolve: async (ref) => {
      if (isCommit(ref)) return { name: '', commit: ref };
      makeFolders(dir);
      const asked = ref === '' ? ['HEAD'] : [ref, `${ref}^{}`];
      // In a folder that is no repository: its settings are nobody's.
      const lines = await git(['ls-remote', '--quiet', '--end-of-options', remote.url, ...asked], {
        cwd: dir,
        protocols,
        doing: fetching,
      });
      const found = chosen(ref, lines);
      if (found !== undefined) return found;
      throw new TareError(
        'E_FETCH',
        `${fetching}: it has no ${ref === '' ? 'HEAD' : `branch or tag ${JSON.stringify(ref)}`}`,
        {
          hint: 'name a branch, a tag, or all 40 digits of a commit: URL#REF; `git ls-remote URL` lists them',
        },
      );
    },
    with: (ref, work) =>
      locked(dir, signal, async () => {
        try {
          // Whoever was killed in the middle left locks of git, and perhaps half of a pack.
          if (existsSync(busy)) await rm(bare, { recursive: true, force: true });
          await writeFile(busy, '');
          const isNew = !existsSync(join(bare, 'HEAD'));
          if (isNew) {
            makeFolders(bare);
            await local(['init', '--quiet', '--bare'], `cannot make ${bare}`);
          }
          const result = await work(await present(ref));
          await rm(busy);
          return result;
        } catch (error) {
          throw fromErrno(error, `cannot use ${dir}`);
        }
      }),
  };
}

const keptRef = (name: string): string => `refs/tare/named/${hexOf(sha256(name))}`;

/** A tag as such, for a repository that is handed on with the files. */
export const refSpecOf = (name: string): string => `+${keptRef(name)}:${name}`;

/** As git-checkout would: the name itself, then a branch, then a tag; of a tag that is an object, what it is put on. */
function chosen(ref: string, lines: string): ResolvedRef | undefined {
  const known = new Map<string, string>();
  for (const line of lines.split('\n')) {
    const [commit = '', name = ''] = line.split('\t');
    if (isCommit(commit)) known.set(name, commit);
  }
  const short = ref.replace(/^refs\//, '');
  const names =
    ref === '' || ref === 'HEAD'
      ? ['HEAD']
      : [
          `refs/${short}`,
          `refs/heads/${ref.replace(/^refs\/heads\//, '')}`,
          `refs/tags/${ref.replace(/^refs\/tags\//, '')}`,
        ];
  for (const name of names) {
    const commit = known.get(`${name}^{}`) ?? known.get(name);
    if (commit !== undefined) return { name, commit };
  }
  return undefined;
}

/** Waits for as long as it takes, unless the build is given up. */
async function locked<T>(dir: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  makeFolders(dir);
  let begun = false;
  for (;;) {
    throwIfCancelled(signal);
    try {
      return await withLock(
        join(dir, 'lock'),
        () => {
          begun = true;
          return work();
        },
        { waitMs: LOCK_WAIT_MS },
      );
    } catch (error) {
      if (begun || !isTareError(error, 'E_LOCKED')) throw error;
    }
  }
}
