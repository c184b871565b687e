import { TareError } from '../../base/error.ts';
import type { Warning } from '../../base/events.ts';
import { located, processWord } from '../../formats/dockerfile/expand.ts';
import { parseDockerfile } from '../../formats/dockerfile/index.ts';
import { dockerfileError } from '../../formats/dockerfile/source.ts';
import type { Dockerfile, Instruction, Range, Stage } from '../../formats/dockerfile/types.ts';
import { parsePlatform, platformText } from '../../oci/platform.ts';
import type { ImageConfig, Platform } from '../../oci/types.ts';
import type { BuildGraph, ImageResolver, NetworkMode, Vertex } from '../types.ts';
import { missingImage } from './missing-image.ts';
import { applied, isStep } from './instructions.ts';
import { unusedArgs } from './unused-args.ts';
import { DEFAULT_PATH, withConfig, type StageState, type StageTools } from './state.ts';

export interface GraphOptions {
  readonly file: Dockerfile;
  /** Name or number of a stage; the last one when it is left out. */
  readonly target?: string | undefined;
  /** Of `--build-arg`. */
  readonly buildArgs?: ReadonlyMap<string, string>;
  readonly labels?: ReadonlyMap<string, string>;
  /** What is built for, and the machine that builds. */
  readonly platform: Platform;
  readonly buildPlatform: Platform;
  readonly resolve: ImageResolver;
  /** Instead of a stage or an image of this name: a folder (a `local` source's context), or the reference of an image. */
  readonly contexts?: ReadonlyMap<string, NamedContext>;
  readonly hosts?: readonly string[];
  readonly network?: NetworkMode;
  /** What a Dockerfile may ask for beyond a sandbox: `security.insecure`, `network.host`. */
  readonly allow?: ReadonlySet<string>;
  /** `NAME=value` of proxy variables. */
  readonly silentEnv?: readonly string[];
  /** For the history; RFC 3339. */
  readonly created?: string | undefined;
  readonly warn?: (warning: Warning) => void;
}

export type NamedContext =
  | { readonly kind: 'local'; readonly context: string }
  | { readonly kind: 'image'; readonly reference: string };

const MAIN_CONTEXT: Vertex = { op: 'source', name: 'the build context', source: { kind: 'local', context: 'context' } };

/**
 * What a Dockerfile asks for, as a graph and an image config; as BuildKit's front end reads it (frontend/dockerfile/dockerfile2llb). Only the stages that the
 * target needs are looked at, and only their base images are asked for.
 * @throws TareError E_DOCKERFILE with file and line; what `resolve` throws
 */
export async function graphOfDockerfile(options: GraphOptions): Promise<BuildGraph> {
  const { buildArgs = new Map<string, string>(), file, labels } = options;
  const globals = globalArgs(options, buildArgs);
  const stages = file.stages.map((stage) => stageOf(stage, globals, options));
  const target = stages[targetIndex(file, options.target)];
  if (target === undefined) throw new TareError('E_DOCKERFILE', `${file.file} has no stage: it needs a FROM`);
  const building: Building = {
    options,
    globals,
    buildArgs,
    stages,
    states: new Map(),
    images: new Map(),
    triggers: [],
  };
  const state = await stateOf(target, building);
  for (const warning of unusedArgs(file, buildArgs.keys(), building.triggers)) options.warn?.(warning);
  const { image, platform, vertex } =
    labels === undefined || labels.size === 0
      ? state
      : withConfig(state, { Labels: { ...state.image.config.Labels, ...Object.fromEntries(labels) } });
  return { target: vertex, config: image, platform };
}

interface BuildStage {
  readonly stage: Stage;
  /** Of its base, variables replaced. */
  readonly base: string;
  readonly platform?: Platform;
}

interface Building {
  readonly options: GraphOptions;
  readonly globals: ReadonlyMap<string, string>;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly stages: readonly BuildStage[];
  readonly states: Map<BuildStage, Promise<StageState>>;
  readonly images: Map<string, Promise<StageState>>;
  /** Of base images, collected on the way. */
  readonly triggers: Instruction[];
}

/** The arguments before the first FROM and those of the platforms; what the user gives wins. */
function globalArgs(options: GraphOptions, given: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const { buildPlatform, file, platform } = options;
  const values = new Map<string, string>();
  for (const [prefix, item] of [
    ['BUILD', buildPlatform],
    ['TARGET', platform],
  ] as const) {
    values.set(`${prefix}PLATFORM`, platformText(item));
    values.set(`${prefix}OS`, item.os);
    values.set(`${prefix}OSVERSION`, item['os.version'] ?? '');
    values.set(`${prefix}ARCH`, item.architecture);
    values.set(`${prefix}VARIANT`, item.variant ?? '');
  }
  values.set('TARGETSTAGE', options.target ?? file.stages.at(-1)?.name ?? '');
  for (const [name, value] of given) if (values.has(name)) values.set(name, value);
  for (const { args } of file.globals) {
    for (const { key, range, value } of args) {
      const here =
        value === undefined
          ? undefined
          : located(file, range, () => processWord(value.value, values, { escape: file.escape }).text);
      const known = given.get(key.value) ?? here;
      if (known !== undefined) values.set(key.value, known);
    }
  }
  return values;
}

function stageOf(stage: Stage, globals: ReadonlyMap<string, string>, { file }: GraphOptions): BuildStage {
  const { image, platform, range } = stage.from;
  const word = (text: string): string =>
    located(file, range, () => processWord(text, globals, { escape: file.escape }).text);
  const base = word(image.value);
  if (base === '')
    throw dockerfileError(file, image.range, `the base image ${image.value} is empty once its variables are replaced`, {
      hint: 'declare the variable with ARG before the first FROM, with a default: ARG NAME=value',
    });
  if (platform === undefined) return { stage, base };
  const text = word(platform);
  return { stage, base, platform: located(file, range, () => parsePlatform(text)) };
}

function targetIndex(file: Dockerfile, target: string | undefined): number {
  if (target === undefined || target === '') return file.stages.length - 1;
  const named = file.stages.findLastIndex(({ name }) => name === target.toLowerCase());
  if (named !== -1) return named;
  const number = /^\d+$/.test(target) ? Number(target) : -1;
  if (number >= 0 && number < file.stages.length) return number;
  const names = file.stages.flatMap(({ name }) => name ?? []);
  throw new TareError('E_DOCKERFILE', `${file.file} has no stage ${JSON.stringify(target)}`, {
    hint: names.length === 0 ? 'its stages have no names: FROM image AS name' : `its stages are ${names.join(', ')}`,
  });
}

function stateOf(item: BuildStage, building: Building): Promise<StageState> {
  let state = building.states.get(item);
  if (state === undefined) {
    state = evaluate(item, building);
    building.states.set(item, state);
  }
  return state;
}

async function evaluate(item: BuildStage, building: Building): Promise<StageState> {
  const { options } = building;
  const { file } = options;
  const { stage } = item;
  // A turn of its own: thousands of stages, each of which builds upon the one before it, would be as many calls within each other.
  await Promise.resolve();
  const begin = await baseOf(item, building);
  // In place of the stage: its instructions are not looked at.
  if (isReplaced(item, building)) return begin;
  const triggers = triggersOf(begin.triggers, stage, file);
  building.triggers.push(...triggers);
  const instructions = [...triggers, ...stage.instructions];
  const sources = new Map<string, Vertex>();
  for (const instruction of instructions)
    for (const from of referencesOf(instruction))
      if (!sources.has(from)) sources.set(from, (await sourceOf(from, instruction.range, item, building)).vertex);
  const isImage = begin.steps === 0 && item.base !== 'scratch';
  const tools: StageTools = {
    file,
    stage: building.stages.length === 1 ? '' : (stage.name ?? `stage-${stage.index}`),
    total: (isImage ? 1 : 0) + instructions.filter(isStep).length,
    given: building.buildArgs,
    globals: building.globals,
    sourceOf: (from) => sources.get(from) as Vertex,
    context: MAIN_CONTEXT,
    hosts: options.hosts ?? [],
    network: options.network ?? 'default',
    allow: options.allow ?? new Set(),
    silentEnv: options.silentEnv ?? [],
    created: options.created,
    warn: options.warn ?? (() => undefined),
  };
  let state: StageState = withoutTriggers({ ...begin, steps: isImage ? 1 : 0 });
  for (const instruction of instructions) state = applied(state, instruction, tools);
  return state;
}

/** What the base image asks of those who build upon it: instructions of their own, before those of the stage. */
function triggersOf(triggers: readonly string[], stage: Stage, file: Dockerfile): readonly Instruction[] {
  return triggers.flatMap((text) => {
    const parsed = parseDockerfile(`FROM scratch\n${text}\n`, {
      file: `${file.file}: ONBUILD of ${stage.from.image.value}`,
    });
    return parsed.stages[0]?.instructions ?? [];
  });
}

/** The names after `--from=` and `from=`. */
function referencesOf(instruction: Instruction): readonly string[] {
  if (instruction.kind === 'COPY') return instruction.from === undefined ? [] : [instruction.from];
  if (instruction.kind !== 'RUN') return [];
  return instruction.mounts.flatMap(({ fields }) =>
    fields.flatMap(({ key, value }) => (key === 'from' ? (value ?? []) : [])),
  );
}

/** Stages above by name or number, else a named context, else an image. */
async function sourceOf(from: string, range: Range, item: BuildStage, building: Building): Promise<StageState> {
  const { file } = building.options;
  const name = from.toLowerCase();
  const known = building.stages.findLastIndex(({ stage }) => stage.name === name);
  const index = known === -1 && /^\d+$/.test(from) ? Number(from) : known;
  if (index === -1) return imageState(from, undefined, range, building);
  const found = building.stages[index];
  if (found === undefined)
    throw dockerfileError(file, range, `there is no stage ${from}`, {
      hint: `stages are numbered from 0 to ${building.stages.length - 1}`,
    });
  if (index < item.stage.index) return stateOf(found, building);
  const what = index === item.stage.index ? 'itself' : 'a stage that comes later';
  throw dockerfileError(file, range, `a stage cannot take files from ${what}: ${from}`, {
    hint: 'move that stage above this one; when both need each other, split one of them',
  });
}

/** A named context has the name of the stage. */
const isReplaced = ({ stage }: BuildStage, { options }: Building): boolean =>
  stage.name !== undefined && options.contexts?.has(stage.name) === true;

async function baseOf(item: BuildStage, building: Building): Promise<StageState> {
  const { base, platform, stage } = item;
  if (stage.name !== undefined && isReplaced(item, building))
    return imageState(stage.name, platform, stage.from.range, building);
  const earlier = building.stages.findLast(
    (other) => other.stage.index < stage.index && other.stage.name === base.toLowerCase(),
  );
  if (earlier !== undefined) return { ...(await stateOf(earlier, building)), cmdSet: false };
  return imageState(base, platform, stage.from.range, building);
}

/** `scratch`, a named context, or an image; each is asked for once. */
function imageState(
  reference: string,
  platform: Platform | undefined,
  range: Range,
  building: Building,
): Promise<StageState> {
  const wanted = platform ?? building.options.platform;
  const key = `${platformText(wanted)} ${reference}`;
  let state = building.images.get(key);
  if (state === undefined) {
    state = loadBase(reference, wanted, range, building);
    building.images.set(key, state);
  }
  return state;
}

async function loadBase(reference: string, platform: Platform, range: Range, building: Building): Promise<StageState> {
  const { options } = building;
  const context = options.contexts?.get(reference);
  if (context?.kind === 'local')
    return stateOfConfig(emptyConfig(platform), platform, {
      op: 'source',
      name: `context ${reference}`,
      source: { kind: 'local', context: context.context },
    });
  if (reference === 'scratch' && context === undefined)
    return stateOfConfig(emptyConfig(platform), platform, { op: 'scratch' });
  const name = context?.reference ?? reference;
  const { config, digest } = await resolved(name, platform, range, building);
  return stateOfConfig(config, platform, {
    op: 'source',
    name: `FROM ${name}`,
    source: { kind: 'image', reference: name, digest, platform },
  });
}

/** The place in the Dockerfile is part of what went wrong with an image. */
async function resolved(
  reference: string,
  platform: Platform,
  range: Range,
  { options: { file, resolve }, stages }: Building,
): ReturnType<ImageResolver> {
  try {
    return await resolve(reference, platform);
  } catch (error) {
    if (!(error instanceof TareError)) throw error;
    const { line } = range.start;
    const own = stages.findLastIndex(({ stage }) => stage.from.range.start.line <= line);
    const names = stages.slice(0, Math.max(0, own)).flatMap(({ stage }) => stage.name ?? []);
    throw missingImage({ error, reference, where: `${file.file}:${line}`, stages: names });
  }
}

const emptyConfig = ({ architecture, os, variant }: Platform): Omit<ImageConfig, 'rootfs'> => ({
  architecture,
  os,
  ...(variant === undefined ? {} : { variant }),
  config: { WorkingDir: '/' },
});

function stateOfConfig(base: Omit<ImageConfig, 'rootfs'>, platform: Platform, vertex: Vertex): StageState {
  const { created: _created, rootfs: _rootfs, ...image } = base as ImageConfig;
  const config = image.config ?? {};
  const env = config.Env ?? [];
  const withPath = env.some((item) => item.startsWith('PATH=')) ? env : [...env, `PATH=${DEFAULT_PATH}`];
  const variables = withPath.map((item) => {
    const equals = item.indexOf('=');
    return equals === -1 ? ([item, ''] as const) : ([item.slice(0, equals), item.slice(equals + 1)] as const);
  });
  return {
    vertex,
    variables: new Map(variables),
    args: [],
    image: { ...image, config: { ...config, Env: withPath }, history: image.history ?? [] },
    platform,
    cmdSet: false,
    cwd: config.WorkingDir === undefined || config.WorkingDir === '' ? '/' : config.WorkingDir,
    steps: 0,
    triggers: config.OnBuild ?? [],
  };
}

/** They are of the base: done now, and not handed on. */
function withoutTriggers(state: StageState): StageState {
  const { OnBuild: _done, ...config } = state.image.config;
  return { ...state, triggers: [], image: { ...state.image, config } };
}
