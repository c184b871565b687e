import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tempDir } from './temp.ts';

const TIME = 1_600_000_000;

export interface TestRepository {
  readonly dir: string;
  readonly url: string;
  git(...args: readonly string[]): string;
  /** Writes files and commits them. @returns the commit */
  commit(files: Readonly<Record<string, string>>): string;
}

/** A repository with the branch `main` and no commit. Call it inside a test. */
export function testRepository(): TestRepository {
  const dir = tempDir();
  let commits = 0;
  const git = (...args: readonly string[]): string => {
    const date = `${TIME + commits} +0000`;
    const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' };
    return execFileSync('git', ['-c', 'protocol.file.allow=always', ...args], {
      cwd: dir,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_DATE: date,
        ...who,
      },
    }).trim();
  };
  git('init', '-q', '-b', 'main');
  return {
    dir,
    url: `file://${dir}`,
    git,
    commit: (files) => {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), text);
      }
      git('add', '-A');
      git('commit', '-q', '-m', `commit ${commits}`);
      commits += 1;
      return git('rev-parse', 'HEAD');
    },
  };
}
