import { basename, dirname, resolve } from 'node:path';
import type { Warning } from '../base/events.ts';
import {
  checkCycles,
  checkPorts,
  childOf,
  createProblems,
  finishServices,
  interpolateNode,
  lineText,
  readProjectDraft,
  selectServices,
  spotText,
  withoutResets,
  type MapNode,
  type Problems,
  type Project,
  type ProjectNetwork,
  type Service,
} from '../formats/compose/index.ts';
import { findFiles, namedFiles, type ProjectFile } from './find-files.ts';
import { rawFile, type Loading } from './load-file.ts';
import { loadModel } from './load-model.ts';
import { checkedProjectName } from './project-name.ts';
import { readDotenvOf, readEnvFiles, serviceVariables, type Env } from './variables.ts';

export interface ReadProjectOptions {
  /** Later ones over earlier ones. Default: COMPOSE_FILE, else compose.yaml of the folder or of one above it, with its override. */
  readonly files?: readonly string[];
  /** Default: COMPOSE_PROJECT_NAME, else `name:`, else the name of the project's folder. */
  readonly projectName?: string;
  /** Where relative paths begin. Default: the folder of the first file. */
  readonly projectDir?: string;
  /** Where names of files begin that are given here. Default: the working directory. */
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** In place of the `.env` in the project's folder. */
  readonly envFiles?: readonly string[];
  /** Default: COMPOSE_PROFILES. */
  readonly profiles?: readonly string[];
  /** Only these and what they depend on; each is there whatever its profiles. */
  readonly services?: readonly string[];
}

export interface ReadProject {
  readonly project: Project;
  readonly warnings: readonly Warning[];
}

/**
 * A Compose project, whole and checked. Nothing but its files is read, and no image is looked at.
 * @throws TareError E_COMPOSE, E_COMPOSE_UNSUPPORTED naming file, line and column, up to 20 problems at once; E_LIMIT; that of a file which cannot be read
 */
export async function readProject(options: ReadProjectOptions): Promise<ReadProject> {
  const problems = createProblems();
  const loading: Loading = { problems, files: new Set() };
  const setting = await settingOf(options, problems);
  const { dir, files } = setting;
  const raw = await rawRoots(files, dir, loading);
  const name = projectName(options, setting, raw);
  const env: Env = { ...setting.env, COMPOSE_PROJECT_NAME: name };
  const root = withoutResets(await loadModel({ files, dir, env, trail: [] }, loading));
  problems.raise();
  const around = { env, projectName: name };
  const draft = readProjectDraft(root, around, problems);
  const choice = { profiles: profilesOf(options, env), services: options.services ?? [] };
  // Whether a service is chosen is not to be asked of one that cannot be read.
  problems.raise();
  const chosen = selectServices(draft.services, choice, problems);
  checkCycles(new Map([...draft.services].filter(([service]) => chosen.has(service))), problems);
  const fileVariables = new Map<string, Readonly<Record<string, string>>>();
  for (const [service, one] of draft.services)
    if (chosen.has(service)) fileVariables.set(service, await serviceVariables(one, env, problems));
  const services = finishServices({ project: draft, around, fileVariables, chosen, problems });
  checkPorts(services, problems);
  problems.raise();
  const networks = usedNetworks(services, draft.networks, root);
  const volumes = [...draft.volumes.values()].filter(({ name: volume }) =>
    services.some(({ mounts }) => mounts.some((mount) => mount.kind === 'volume' && mount.volume === volume)),
  );
  return {
    project: {
      name,
      dir,
      files: [...loading.files],
      services,
      networks,
      volumes: volumes.sort((a, b) => (a.name < b.name ? -1 : 1)),
      extensions: draft.extensions,
    },
    warnings: problems.warnings(),
  };
}

interface Setting {
  readonly files: readonly ProjectFile[];
  readonly dir: string;
  readonly env: Env;
}

async function settingOf(options: ReadProjectOptions, problems: Problems): Promise<Setting> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const start = options.projectDir === undefined ? cwd : resolve(cwd, options.projectDir);
  const named = options.envFiles ?? [];
  // The .env of the folder may say where the files are.
  const early =
    named.length > 0
      ? await readEnvFiles(named, cwd, options.env, problems)
      : await readDotenvOf(start, options.env, problems);
  const listed = options.files ?? splitList(early['COMPOSE_FILE'], early['COMPOSE_PATH_SEPARATOR'] ?? ':');
  const files = listed.length > 0 ? namedFiles(listed, cwd) : await findFiles(start, cwd);
  const dir = options.projectDir === undefined ? dirname(files[0]?.path ?? start) : start;
  if (named.length > 0 || dir === start) return { files, dir, env: early };
  const settings = Object.fromEntries(Object.entries(early).filter(([name]) => name.startsWith('COMPOSE_')));
  return { files, dir, env: await readDotenvOf(dir, { ...settings, ...options.env }, problems) };
}

const splitList = (text: string | undefined, separator: string): readonly string[] =>
  text === undefined || separator === '' ? [] : text.split(separator).filter((part) => part !== '');

const profilesOf = (options: ReadProjectOptions, env: Env): readonly string[] =>
  options.profiles ?? splitList(env['COMPOSE_PROFILES'], ',').map((name) => name.trim());

async function rawRoots(files: readonly ProjectFile[], dir: string, loading: Loading): Promise<readonly MapNode[]> {
  const roots: MapNode[] = [];
  for (const file of files) roots.push(await rawFile(file, dir, loading));
  return roots;
}

/** The project's name takes part in filling in variables, so it comes first. */
function projectName(options: ReadProjectOptions, { dir, env }: Setting, roots: readonly MapNode[]): string {
  const given = options.projectName ?? (env['COMPOSE_PROJECT_NAME'] === '' ? undefined : env['COMPOSE_PROJECT_NAME']);
  if (given !== undefined) {
    return options.projectName === undefined
      ? checkedProjectName(given, 'COMPOSE_PROJECT_NAME', 'its value')
      : checkedProjectName(given, 'the name of the project');
  }
  const node = roots.map((root) => childOf(root, 'name')).findLast((found) => found !== undefined);
  if (node !== undefined) {
    const problems = createProblems();
    const filled = interpolateNode(node, env, problems);
    problems.raise();
    const written = node.kind === 'scalar' ? JSON.stringify(node.text) : 'it';
    return checkedProjectName(filled.kind === 'scalar' ? filled.text : '', spotText(node.spot), written);
  }
  const name = basename(dir)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
  return name === '' ? checkedProjectName(basename(dir), 'the name of the folder') : name;
}

function usedNetworks(
  services: readonly Service[],
  known: ReadonlyMap<string, ProjectNetwork>,
  root: MapNode,
): readonly ProjectNetwork[] {
  const used = new Set(services.flatMap(({ networks }) => networks.map(({ name }) => name)));
  const at = lineText(root.entries.get('services')?.key ?? root.spot);
  return [...used].sort().map((name) => known.get(name) ?? { name, internal: false, at });
}
