import { withoutSecretWords } from '../../base/command-secrets.ts';
import type { Warning } from '../../base/events.ts';
import { located, processWord } from '../../formats/dockerfile/expand.ts';
import type { Dockerfile, Instruction, InstructionKind, Range } from '../../formats/dockerfile/types.ts';
import type { History, ImageConfig, Platform, RunConfig } from '../../oci/types.ts';
import type { NetworkMode, Vertex } from '../types.ts';

/** Where a stage is after some of its instructions. Immutable: each instruction makes the next one. */
export interface StageState {
  /** The file system so far. */
  readonly vertex: Vertex;
  /** What words and processes see: environment and arguments, in the order in which they were last set. */
  readonly variables: ReadonlyMap<string, string>;
  /** Arguments that the stage has declared, with the value each has; `undefined`: none. */
  readonly args: readonly (readonly [name: string, value: string | undefined])[];
  readonly image: StageImage;
  readonly platform: Platform;
  /** CMD stands in this Dockerfile, and is not the base image's. */
  readonly cmdSet: boolean;
  /** Absolute: for processes and relative paths. */
  readonly cwd: string;
  /** Steps that took time so far. */
  readonly steps: number;
  /** Triggers for the stages that build upon this one. */
  readonly triggers: readonly string[];
}

/** The image config that the stage would have, without file system. */
export interface StageImage extends Omit<ImageConfig, 'rootfs'> {
  readonly config: RunConfig;
  readonly history: readonly History[];
}

/** What an instruction needs to know beside its stage. */
export interface StageTools {
  readonly file: Dockerfile;
  /** For names of steps; empty for the only stage of a file. */
  readonly stage: string;
  /** Steps of the stage that take time, FROM included. */
  readonly total: number;
  /** Values that the user gives to arguments. */
  readonly given: ReadonlyMap<string, string>;
  /** Values of the arguments before the first FROM, and of the platforms. */
  readonly globals: ReadonlyMap<string, string>;
  /** A stage, a named context or an image, by the name after `--from=` or `from=`. */
  readonly sourceOf: (from: string, range: Range) => Vertex;
  /** The main context. */
  readonly context: Vertex;
  /** `HOST:ADDRESS`. */
  readonly hosts: readonly string[];
  readonly network: NetworkMode;
  /** What a Dockerfile may ask for: `security.insecure`, `network.host`. */
  readonly allow: ReadonlySet<string>;
  /** Proxy variables: `NAME=value`. */
  readonly silentEnv: readonly string[];
  /** RFC 3339; absent: no times in the history. */
  readonly created: string | undefined;
  readonly warn: (warning: Warning) => void;
}

/** One instruction's effect. @throws TareError E_DOCKERFILE with file and line */
export type Handler<K extends InstructionKind> = (
  state: StageState,
  instruction: Extract<Instruction, { readonly kind: K }>,
  tools: StageTools,
) => StageState;

/** Replaces the variables of a word. */
export function expand(state: StageState, text: string, range: Range, { file }: StageTools): string {
  return located(file, range, () => processWord(text, state.variables, { escape: file.escape }).text);
}

/** `[build 2/5] RUN make`, without the logins of URLs and the passwords of commands. */
export function stepName(state: StageState, instruction: string, { stage, total }: StageTools): string {
  const text = withoutSecretWords(withoutCredentials(instruction));
  if (total === 0) return text;
  const number = String(state.steps + 1).padStart(String(total).length, ' ');
  return `[${stage === '' ? '' : `${stage} `}${number}/${total}] ${text}`;
}

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const HISTORY_COMMENT = 'buildkit.dockerfile.v0';

/** Adds one row to the history, as BuildKit writes it. */
export function withHistory(state: StageState, text: string, layer: boolean, { created }: StageTools): StageState {
  const row: History = {
    ...(created === undefined ? {} : { created }),
    created_by: text,
    comment: HISTORY_COMMENT,
    ...(layer ? {} : { empty_layer: true }),
  };
  return { ...state, image: { ...state.image, history: [...state.image.history, row] } };
}

export function withConfig(state: StageState, change: Partial<RunConfig>): StageState {
  return { ...state, image: { ...state.image, config: { ...state.image.config, ...change } } };
}

/** A variable that is set again moves to the end. */
export function withVariable(state: StageState, name: string, value: string): StageState {
  const variables = new Map(state.variables);
  variables.delete(name);
  variables.set(name, value);
  return { ...state, variables };
}

/** `a=b` in place of another value of `a`, else at the end. */
export function withEnvironment(env: readonly string[], name: string, value: string): readonly string[] {
  const index = env.findIndex((item) => item === name || item.startsWith(`${name}=`));
  const fresh = `${name}=${value}`;
  return index === -1 ? [...env, fresh] : env.map((item, at) => (at === index ? fresh : item));
}

const DEFAULT_SHELL = ['/bin/sh', '-c'] as const;

export function shellOf(state: StageState): readonly string[] {
  const { Shell } = state.image.config;
  return Shell === undefined || Shell.length === 0 ? DEFAULT_SHELL : Shell;
}

/** Cleaned; a relative path begins at `cwd`. A trailing slash is kept when `keepSlash` asks for it. */
export function absolute(path: string, cwd: string, keepSlash = false): string {
  const whole = path.startsWith('/') ? path : `${cwd}/${path}`;
  const names: string[] = [];
  for (const name of whole.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..') names.pop();
    else names.push(name);
  }
  const clean = `/${names.join('/')}`;
  const isFolder = keepSlash && (/\/$|(^|\/)\.$/.test(path) || path === '');
  return isFolder && clean !== '/' ? `${clean}/` : clean;
}

/** What stands before the host of a URL, up to the last `@`, is nobody else's business: names and histories travel. */
export const withoutCredentials = (text: string): string =>
  // The scheme is not looked for: in a long word without any, a search that begins anew at each letter would take hours.
  text.replaceAll(/(?<=[a-z0-9+.-]:\/\/)[^\s/?#]*@/gi, '');

/** For messages about a step. */
export const placeOf = ({ range }: { readonly range: Range }, { file }: StageTools): string =>
  `${file.file}:${range.start.line}`;
