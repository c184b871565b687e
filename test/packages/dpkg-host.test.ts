import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { pathOfText } from '../../src/base/path.ts';
import { ownerOf, packageDbs } from '../../src/packages/index.ts';
import { hostTree } from '../helpers/host-tree.ts';
import { needs } from '../helpers/needs.ts';

const SAMPLE = 200;

/** Files of this machine, spread over all packages, by the names that the file system has for them. */
function sampled(): string[] {
  const info = '/var/lib/dpkg/info';
  const lists = readdirSync(info).filter((name) => name.endsWith('.list'));
  const lines = lists.flatMap((name) =>
    readFileSync(join(info, name), 'utf8')
      .split('\n')
      .filter((line) => line.length > 2 && !/[*?[\\]/.test(line)),
  );
  const step = Math.max(1, Math.floor(lines.length / (SAMPLE * 2)));
  const paths = new Set<string>();
  for (let at = 0; at < lines.length && paths.size < SAMPLE; at += step) {
    const line = lines[at] as string;
    const stat = lstatSync(line, { throwIfNoEntry: false });
    // A folder of many packages that the machine has as a link (merged /usr) has no owner to agree on.
    const folder = statSync(line, { throwIfNoEntry: false })?.isDirectory() === true;
    if (stat !== undefined && !folder)
      paths.add(join(realpathSync(dirname(line)), line.slice(line.lastIndexOf('/') + 1)));
  }
  return [...paths];
}

/** Path → names of the packages whose lists have it, as `dpkg -S` says. */
function saidByDpkg(paths: readonly string[]): Map<string, string[]> {
  const { stdout } = spawnSync('dpkg', ['-S', ...paths], { encoding: 'utf8', maxBuffer: 1e8 });
  const said = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const cut = line.indexOf(': ');
    if (cut === -1 || line.startsWith('diversion by')) continue;
    const names = line.slice(0, cut).split(', ');
    said.set(
      line.slice(cut + 2),
      names.map((name) => name.split(':')[0] as string),
    );
  }
  return said;
}

const otherName = (path: string): string => (path.startsWith('/usr/') ? path.slice('/usr'.length) : `/usr${path}`);

it.skipIf(!needs('dpkg'))('agrees with dpkg -S on this machine', async () => {
  const { content, tree } = hostTree();
  const warnings: unknown[] = [];
  const dbs = await packageDbs(tree, content, { under: [], warn: (warning) => warnings.push(warning) });
  expect(warnings).toEqual([]);
  const paths = sampled();
  const said = saidByDpkg(paths.flatMap((path) => [path, otherName(path)]));
  const wrong = paths.filter((path) => {
    const names = [...(said.get(path) ?? []), ...(said.get(otherName(path)) ?? [])];
    return !names.includes(ownerOf(dbs, pathOfText(path))?.name ?? '');
  });
  expect(wrong).toEqual([]);
  expect(paths.length).toBeGreaterThan(50);
});

it.skipIf(!needs('dpkg'))('gives the packages and versions of dpkg-query', async () => {
  const { content, tree } = hostTree();
  const [db] = await packageDbs(tree, content, { under: [] });
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${Version} ${Architecture} ${db:Status-Status}\n'], {
    encoding: 'utf8',
  });
  const installed = asked.stdout
    .split('\n')
    .filter((line) => line !== '' && !/ (config-files|not-installed)$/.test(line));
  expect(db?.packages.map((pkg) => `${pkg.name} ${pkg.version} ${pkg.architecture ?? ''}`).sort()).toEqual(
    installed.map((line) => line.slice(0, line.lastIndexOf(' '))).sort(),
  );
});
