import { TareError } from '../../base/error.ts';
import { bytesOfText, joinPath, quotePath, textOfBytes, type TreePath } from '../../base/path.ts';
import type { ContentReader, Tree } from '../../tree/types.ts';
import { fileAt, resolveText } from './files.ts';
import {
  asObject,
  type JsonObject,
  type Manifest,
  type Manifests,
  manifestsOf,
  memberOf,
  textMember,
} from './manifest.ts';
import { createResolver, type Resolver } from './resolve.ts';
import { type StartCommand, startCommand } from './start-command.ts';
import { listWorkspaces } from './workspaces.ts';

/** How the package of a folder starts. */
export interface NodeProject {
  /** The module that node is given. */
  readonly entry: TreePath;
  readonly args: readonly [flags: readonly string[], rest: readonly string[]];
  /** What the start script sets. */
  readonly env: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly version?: string;
  /** The member of package.json that decided, for people: `scripts.start`. */
  readonly from: string;
}

type Start = Pick<NodeProject, 'entry' | 'args' | 'env' | 'from'>;

interface Search {
  readonly tree: Tree;
  readonly dir: TreePath;
  readonly manifest: Manifest;
  readonly manifests: Manifests;
  readonly resolver: Resolver;
}

const SAY_WHICH = 'say which file to start: `tare build --entry FILE`, or `entry:` in tare.yaml';
const COMPILE =
  'compile it first (for example `npm run build`), and let `main` or `scripts.start` name the JavaScript file';
/** Names that people give to what is started, when package.json says nothing. npm's own `npm start` knows the first. */
const CONVENTIONS = ['server.js', 'index.js', 'app.js', 'main.js', 'server.mjs', 'index.mjs', 'app.mjs', 'main.mjs'];
const TYPESCRIPT = /\.[cm]?tsx?$/;
/** `npm run x` that runs `npm run y` that … */
const MAX_SCRIPT_HOPS = 3;

/**
 * Decides how a package starts: `scripts.start` when it is one plain command, else `main`, else the only `bin`, else a file with a name of convention.
 * `dir` holds a package.json.
 * @throws TareError E_AMBIGUOUS_ENTRY, listing the candidates; E_NO_ENTRY; E_JSON when package.json is no JSON object
 */
export async function nodeProject(tree: Tree, content: ContentReader, dir: TreePath): Promise<NodeProject> {
  const manifests = manifestsOf(tree, content);
  const manifest = await manifests.at(dir);
  if (manifest === undefined) {
    throw new TareError('E_JSON', `${quotePath(joinPath(dir, 'package.json'))} is not a JSON object`, {
      hint: 'mend package.json, or say what to start: `tare build --entry FILE`',
    });
  }
  const resolver = createResolver({ tree, manifests, target: {}, conditions: [], nodePath: [] });
  const start = await decide({ tree, dir, manifest, manifests, resolver });
  if (TYPESCRIPT.test(start.entry)) {
    throw new TareError('E_NO_ENTRY', `${start.from} of package.json names TypeScript: ${quotePath(start.entry)}`, {
      hint: COMPILE,
    });
  }
  const name = textMember(manifest.json, 'name');
  const version = textMember(manifest.json, 'version');
  return { ...start, ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
}

async function decide(search: Search): Promise<Start> {
  const script = await fromScript(search);
  if (typeof script === 'object') return script;
  const { json } = search.manifest;
  const found = (await fromMain(search, script)) ?? (await fromBin(search)) ?? (await fromConvention(search));
  if (found !== undefined) return found;
  const workspaces = await listWorkspaces(search.tree, search.manifests, search.manifest);
  if (workspaces.length > 0) {
    const names = workspaces.map((path) => textOfBytes(path.slice(search.dir.length + 1))).join(', ');
    throw new TareError(
      'E_AMBIGUOUS_ENTRY',
      `package.json is the root of a workspace and starts nothing itself; its packages: ${names}`,
      {
        hint: 'name the package folder: `tare build DIR/PACKAGE`, or `entry:` in tare.yaml',
      },
    );
  }
  const sources = search.tree.children(search.dir).some((entry) => TYPESCRIPT.test(entry.path));
  const why =
    script === undefined
      ? 'package.json has no start script, main or bin'
      : `scripts.start is not a plain command (${script})`;
  throw new TareError(
    'E_NO_ENTRY',
    `nothing says what to start: ${why}, and none of ${CONVENTIONS.slice(0, 4).join(', ')} is there`,
    {
      hint:
        sources || textMember(json, 'main') !== undefined ? `${SAY_WHICH}; if it is TypeScript, ${COMPILE}` : SAY_WHICH,
    },
  );
}

/** A start, or why scripts.start cannot be one; undefined when there is none. */
async function fromScript(search: Search): Promise<Start | string | undefined> {
  const scripts = asObject(memberOf(search.manifest.json, 'scripts'));
  let name = 'start';
  let env: Readonly<Record<string, string>> = {};
  for (let hop = 0; hop <= MAX_SCRIPT_HOPS; hop += 1) {
    const text = textMember(scripts, name);
    if (text === undefined) return name === 'start' ? undefined : `it runs scripts.${name}, which is not there`;
    const command = startCommand(text);
    if (typeof command === 'string') return command;
    env = { ...env, ...command.env };
    if (command.kind !== 'script') return startOf(search, { ...command, env });
    name = command.name;
  }
  return 'its scripts call each other';
}

async function startOf(search: Search, command: Exclude<StartCommand, { kind: 'script' }>): Promise<Start> {
  const from = 'scripts.start';
  const named = resolveText(search.dir, command.kind === 'node' ? command.script : `node_modules/.bin/${command.name}`);
  const found = named === undefined ? undefined : await search.resolver.asFileOrFolder(named);
  if (found === undefined) {
    const what = command.kind === 'node' ? command.script : `the command ${command.name}`;
    const sources =
      named !== undefined && fileAt(search.tree, `${named.replace(/\.[cm]?js$/, '')}.ts` as TreePath) !== undefined;
    throw new TareError(
      'E_NO_ENTRY',
      `scripts.start of package.json runs ${JSON.stringify(what)}, which is not there`,
      {
        hint:
          sources || (command.kind === 'node' && /^(?:\.\/)?(?:dist|build|lib|out)\//.test(command.script))
            ? COMPILE
            : command.kind === 'bin'
              ? 'install the dependencies first (`npm ci`), or say what to start with `entrypoint:` in tare.yaml'
              : SAY_WHICH,
      },
    );
  }
  const args = command.kind === 'node' ? ([command.flags, command.rest] as const) : ([[], command.rest] as const);
  // A command of node_modules/.bin is a link (npm, yarn) to the module itself: node is given what it leads to, for a link's name has no extension.
  const entry = command.kind === 'bin' ? await binTarget(search, found.path, command.name) : found.path;
  return { entry, args, env: command.env, from };
}

async function binTarget(search: Search, path: TreePath, name: string): Promise<TreePath> {
  const { entry, via } = search.tree.resolve(path) ?? {};
  if (entry !== undefined && via !== undefined && via.length > 0) return entry.path;
  // pnpm writes shell scripts into .bin: the package of the same name says which module they start.
  const dir = resolveText(search.dir, `node_modules/${name}`);
  const manifest = dir === undefined ? undefined : await search.manifests.at(dir);
  const file = manifest === undefined ? undefined : binsOf(manifest.json).find((bin) => bin.name === name)?.file;
  const target = file === undefined || dir === undefined ? undefined : resolveText(dir, file);
  if (target !== undefined && fileAt(search.tree, target) !== undefined) return target;
  throw new TareError(
    'E_NO_ENTRY',
    `scripts.start of package.json runs ${JSON.stringify(name)}, whose module cannot be told`,
    {
      hint: SAY_WHICH,
    },
  );
}

async function fromMain(search: Search, script: string | undefined): Promise<Start | undefined> {
  const main = textMember(search.manifest.json, 'main');
  if (main === undefined || main === '') return undefined;
  const path = resolveText(search.dir, main);
  const found = path === undefined ? undefined : await search.resolver.asFileOrFolder(path);
  if (found !== undefined) return plainStart(found.path, 'main');
  if (script === undefined && memberOf(search.manifest.json, 'bin') === undefined) {
    throw new TareError('E_NO_ENTRY', `main of package.json names ${JSON.stringify(main)}, which is not there`, {
      hint: /^(?:\.\/)?(?:dist|build|lib|out)\//.test(main) ? COMPILE : SAY_WHICH,
    });
  }
  return undefined;
}

async function fromBin(search: Search): Promise<Start | undefined> {
  const bins = binsOf(search.manifest.json);
  if (bins.length > 1) {
    const names = bins.map((bin) => `${bin.name} (${bin.file})`).join(', ');
    throw new TareError('E_AMBIGUOUS_ENTRY', `package.json offers several commands and no start script: ${names}`, {
      hint: SAY_WHICH,
    });
  }
  const path = bins[0] === undefined ? undefined : resolveText(search.dir, bins[0].file);
  const found = path === undefined ? undefined : await search.resolver.asFileOrFolder(path);
  return found === undefined ? undefined : plainStart(found.path, 'bin');
}

function binsOf(json: JsonObject): { readonly name: string; readonly file: string }[] {
  const bin = memberOf(json, 'bin');
  if (typeof bin === 'string') return [{ name: (textMember(json, 'name') ?? '').replace(/^@[^/]*\//, ''), file: bin }];
  return Object.entries(asObject(bin) ?? {}).flatMap(([name, file]) =>
    typeof file === 'string' ? [{ name, file }] : [],
  );
}

async function fromConvention(search: Search): Promise<Start | undefined> {
  const there = CONVENTIONS.filter(
    (name) => fileAt(search.tree, joinPath(search.dir, bytesOfText(name))) !== undefined,
  );
  const stems = new Set(there.map((name) => name.replace(/\.m?js$/, '')));
  // With `main` absent node takes index.js; with `scripts.start` absent npm takes server.js. Both at once is anybody's guess.
  if (stems.size > 1) {
    throw new TareError(
      'E_AMBIGUOUS_ENTRY',
      `package.json does not say what to start, and there are several candidates: ${there.join(', ')}`,
      {
        hint: SAY_WHICH,
      },
    );
  }
  const [name] = there;
  return name === undefined
    ? undefined
    : plainStart(joinPath(search.dir, bytesOfText(name)), `the file ${name}, for want of a main`);
}

function plainStart(entry: TreePath, from: string): Start {
  return { entry, args: [[], []], env: {}, from };
}
