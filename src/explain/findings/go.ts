import { withoutSecretWords } from '../../base/command-secrets.ts';
import { compareBytes, pathOfText } from '../../base/path.ts';
import type { GoBuildInfo } from '../../formats/gobuild/index.ts';
import { goBuildOf, goRelease } from '../../packages/runtimes/go.ts';
import type { Subject } from './subject.ts';
import type { GoBuild } from './types.ts';

/** Of all programs together, in UTF-16 units: of those beyond it only the module is told. */
const MAX_CHARS = 16 * 1024 * 1024;

/** What Go built, as `go version -m` tells it, for each of the programs that were found to be Go's. */
export async function goBuilds({
  content,
  runtimes,
  tree,
}: Pick<Subject, 'content' | 'runtimes' | 'tree'>): Promise<readonly GoBuild[]> {
  const builds: GoBuild[] = [];
  let left = MAX_CHARS;
  for (const { name, path } of runtimes) {
    const entry = name === 'go' ? tree.get(pathOfText(path)) : undefined;
    const info = entry === undefined ? undefined : await goBuildOf(content, entry);
    if (info === undefined) continue;
    const build = { path, ...buildOf(info) };
    left -= JSON.stringify(build).length;
    builds.push(left > 0 ? build : { ...build, dependencies: [], settings: {} });
  }
  return builds;
}

function buildOf({ dependencies, goVersion, main, path, settings }: GoBuildInfo): Omit<GoBuild, 'path'> {
  const version = main?.version ?? '';
  return {
    go: goRelease(goVersion),
    main: path,
    module: main?.path ?? '',
    version: version === '' || version === '(devel)' ? null : version,
    dependencies: dependencies
      .map(({ replace, ...own }) => replace ?? own)
      .sort((a, b) => compareBytes(a.path, b.path) || compareBytes(a.version, b.version))
      .map((module) => ({ path: module.path, version: module.version })),
    settings: Object.fromEntries(settings.map(([key, value]) => [key, withoutSecretWords(value)])),
  };
}
