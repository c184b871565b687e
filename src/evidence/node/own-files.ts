import { bytesOfText, joinPath, nameOf, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';

/**
 * What lies in an application's folder and is not the application. Whoever wants one of these in the image says so with `include`;
 * and evidence brings a file in all the same when the program asks for it (`--env-file=.env`, `import './x.test.js'`).
 */
const FOLDERS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(?:node_modules|site-packages|dist-packages)$/, 'dependencies come by evidence, file by file'],
  [/^__pycache__$/, 'compiled modules come with their sources'],
  [/^\.(?:mypy_cache|pytest_cache|ruff_cache|tox|nox)$/, 'left behind by tools'],
  [/^\.(?:git|hg|svn|jj)$/, 'history'],
  [/^\.(?:github|gitlab|circleci|husky|vscode|idea|devcontainer|changeset)$/, 'for the workshop'],
  [/^(?:test|tests|__tests__|__mocks__|__snapshots__|e2e|cypress)$/, 'tests'],
  [/^(?:coverage|\.nyc_output|\.cache|\.turbo|\.parcel-cache|\.npm|\.pnpm-store)$/, 'left behind by tools'],
];

/** Secrets never come along by a guess either; keys of servers (*.pem, *.key) are part of the application. */
const SECRETS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^\.env(?:\..*|rc)?$/, 'secrets are given when the container starts'],
  [/^\.(?:npmrc|yarnrc|yarnrc\.yml|pnpmrc|netrc|pypirc|git-credentials)$/, 'tokens'],
  [/^id_(?:rsa|dsa|ecdsa|ed25519)/, 'private keys of people'],
];

const FILES: readonly (readonly [pattern: RegExp, reason: string])[] = [
  ...SECRETS,
  [/^\.git(?:ignore|attributes|modules|keep)?$/, 'for git'],
  [
    /^(?:tare\.ya?ml|Dockerfile.*|.*\.Dockerfile|\.dockerignore|(?:docker-)?compose.*\.ya?ml|Procfile)$/,
    'for builders',
  ],
  [
    /^(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|pnpm-workspace\.yaml|bun\.lockb?)$/,
    'for installers',
  ],
  [/\.(?:test|spec)\.[cm]?[jt]sx?$/, 'tests'],
  [/\.tsbuildinfo$/, 'left behind by tools'],
  [/\.log$/, 'left behind by runs'],
  [/^(?:\.DS_Store|Thumbs\.db|.*\.sw[op]|.*~)$/, 'left behind by desks'],
  [
    /^\.(?:editorconfig|nvmrc|node-version|tool-versions|npmignore|mocharc.*|c8rc.*|nycrc.*|swcrc)$/,
    'for the workshop',
  ],
  [/^\.(?:eslint|prettier|stylelint|oxlint|oxfmt|markdownlint|lintstaged|commitlint|huskyrc).*$/, 'for the workshop'],
  [
    /^(?:vite|vitest|jest|eslint|prettier|rollup|webpack|rspack|tsup|tsdown|babel|postcss|tailwind|playwright|cypress|commitlint|lint-staged|knip)(?:\.\w+)?\.config\.[cm]?[jt]s$/,
    'for the workshop',
  ],
  [/^tsconfig.*\.json$/, 'for the compiler'],
];

/** Prose at the top of the folder; licences stay, for they must travel with the work. */
const PROSE = /\.(?:md|markdown|rst|adoc)$/i;
const LICENCE = /^(?:licen[cs]e|copying|notice)/i;

/** In a folder without package.json the start is a binary: these are what it was made from. */
const SOURCES =
  /(?:^(?:go\.(?:mod|sum|work|work\.sum)|Cargo\.(?:toml|lock)|(?:GNU)?[Mm]akefile|CMakeLists\.txt|meson\.build|configure|build\.zig)|\.(?:go|rs|c|cc|cpp|cxx|h|hh|hpp|o|a|s|S|zig|mk|cmake))$/;
const SOURCE_FOLDERS = /^(?:target|vendor|CMakeFiles|\.zig-cache|zig-cache)$/;

/** Depth that no application has: links are not followed, so only a hostile tree gets there. */
const MAX_DEPTH = 256;

/** A folder that holds such a file is an environment of Python (PEP 405): a run time and its packages. */
const ENVIRONMENT = bytesOfText('pyvenv.cfg');
/** An application that runs from its sources has one of these at its top. */
const INTERPRETED = /^(?:package\.json|composer\.json|Gemfile|config\.ru|.*\.(?:py|php|rb|pl|dll|jar))$/;

/**
 * The application's own files, folders excluded, in byte order: everything below `dir` but what the tables above leave out. Links are listed, not followed.
 */
export function ownFiles(tree: Tree, dir: TreePath): TreePath[] {
  const out: TreePath[] = [];
  const binary = !tree
    .children(tree.resolve(dir)?.entry.path ?? dir)
    .some((entry) => INTERPRETED.test(nameOf(entry.path)));
  const visit = (at: TreePath, depth: number): void => {
    if (depth > MAX_DEPTH) return;
    for (const entry of tree.children(at)) {
      const name = nameOf(entry.path);
      if (entry.type === 'directory') {
        const skipped = isLeftOut(FOLDERS, name) || (binary && SOURCE_FOLDERS.test(name));
        if (!skipped && tree.get(joinPath(entry.path, ENVIRONMENT)) === undefined) visit(entry.path, depth + 1);
      } else if (isOwn(name, { top: depth === 0, binary }) && !(entry.type === 'symlink' && isLeftOut(FOLDERS, name)))
        out.push(entry.path);
    }
  };
  visit(tree.resolve(dir)?.entry.path ?? dir, 0);
  return out;
}

/** Whether a file of that name may hold secrets. */
export function isSecret(name: string): boolean {
  return isLeftOut(SECRETS, name);
}

function isOwn(name: string, { binary, top }: { readonly top: boolean; readonly binary: boolean }): boolean {
  if (isLeftOut(FILES, name) || (binary && SOURCES.test(name))) return false;
  return !(top && PROSE.test(name) && !LICENCE.test(name));
}

function isLeftOut(table: typeof FILES, name: string): boolean {
  return table.some(([pattern]) => pattern.test(name));
}
