import type { Digest } from '../../base/digest.ts';
import { vertexDigests } from '../digest.ts';
import { verticesInOrder } from '../local/inputs.ts';
import type { PreparedFile, PreparedStep } from '../local/evaluate.ts';
import type { StepKey } from '../local/keys.ts';
import type { CopyAction, ExecVertex, FileVertex, Vertex } from '../types.ts';
import { alignSteps } from './align.ts';
import { changesInWords, fileListOf, MAX_LISTED_FILES, type FileList } from './file-list.ts';
import type { BuildMemory, RememberedStep } from './memory.ts';
import { operationChanges } from './operation.ts';
import { shown } from './shown.ts';

/** What has to be known of a step, done or about to be. */
export type ExplainedStep = Pick<PreparedStep, 'digest' | 'key' | 'vertex'> & Partial<Pick<PreparedFile, 'files'>>;

export interface Explainer {
  /** Why a step that is not in the cache is not: never empty. */
  because(step: ExplainedStep): Promise<readonly string[]>;
  /** What is known of that before the inputs of the step are: what its operation does differently. */
  operation(step: Omit<ExplainedStep, 'files' | 'key'> & { readonly parts: StepKey['parts'] }): readonly string[];
  /** For the next build. Steps that were not reached keep what is known of them. */
  remember(solved: ReadonlyMap<Digest, ExplainedStep>): Promise<void>;
}

export interface ExplainerOptions {
  readonly memory: BuildMemory;
  readonly target: Vertex;
  /** Names that ARG declares. */
  readonly args: ReadonlySet<string>;
  readonly noCache: boolean;
}

/** Compares the keys of this build's steps with those of the last one. */
export function createExplainer({ args, memory, noCache, target }: ExplainerOptions): Explainer {
  const digestOf = vertexDigests();
  const steps = verticesInOrder(target, digestOf).filter((vertex) => vertex.op === 'exec' || vertex.op === 'file');
  const texts = steps.map((vertex) => ({ text: textOf(vertex), op: vertex.op }));
  const aligned = alignSteps(memory.steps, texts);
  const pasts = new Map<Digest, RememberedStep | undefined>(
    steps.map((vertex, index) => [digestOf(vertex), memory.steps[aligned[index] ?? -1]]),
  );
  return {
    because: async (step) => {
      const past = pasts.get(step.digest);
      if (past === undefined) return [FIRST[memory.state]];
      if (past.key === step.key.digest)
        return [noCache ? '--no-cache asks for it' : 'nothing changed: it was deleted from the cache by prune'];
      return changes(step, past, { args, memory });
    },
    operation: ({ digest, parts, vertex }) => {
      const past = pasts.get(digest);
      return past === undefined ? [] : operationChange(vertex, { past, parts, args });
    },
    remember: async (solved) => {
      const contents = new Map<string, () => FileList | undefined>();
      const fresh = steps.flatMap((vertex, index): readonly RememberedStep[] => {
        const step = solved.get(digestOf(vertex));
        const past = memory.steps[aligned[index] ?? -1];
        if (step === undefined) return past === undefined ? [] : [past];
        for (const [content, list] of listsOf(step)) contents.set(content, list);
        return [{ text: textOf(vertex), op: vertex.op, key: step.key.digest, parts: step.key.parts }];
      });
      await memory.save(fresh, (content) => contents.get(content)?.());
    },
  };
}

const FIRST: Readonly<Record<BuildMemory['state'], string>> = {
  none: 'first build here',
  pruned: 'deleted from the cache by prune, with what was known of the last build',
  there: 'the last build had no such step',
};

/** `[build] RUN make`. */
const textOf = ({ name }: { readonly name: string }): string =>
  name.replace(/^\[(?:(\S+) +)? *\d+\/\d+\] /, (_, stage: string | undefined) =>
    stage === undefined ? '' : `[${stage}] `,
  );

const withoutStage = (text: string): string => text.replace(/^\[[^\]]*\] /, '');

function listsOf({ files, key }: ExplainedStep): readonly (readonly [string, () => FileList | undefined])[] {
  const copies = (files?.copies ?? []).filter((copy) => copy !== undefined);
  return copies.flatMap(({ selected, sha256Of }, index) => {
    const content = key.parts[`files ${index + 1}`];
    return content === undefined ? [] : [[content, () => fileListOf(selected, sha256Of)] as const];
  });
}

interface Known {
  readonly args: ReadonlySet<string>;
  readonly memory: BuildMemory;
}

async function changes(step: ExplainedStep, past: RememberedStep, { args, memory }: Known): Promise<readonly string[]> {
  const { key, vertex } = step;
  const names = partNames(past.parts, key.parts).filter((name) => past.parts[name] !== key.parts[name]);
  const found: string[] = [];
  for (const name of names) {
    const [before, after] = [past.parts[name], key.parts[name]];
    if (name === 'operation') {
      found.push(...operationChange(vertex, { past, parts: key.parts, args }));
    } else if (name === 'root') {
      found.push(rootChange(vertex.root));
    } else if (name === 'epoch') {
      found.push(`SOURCE_DATE_EPOCH changed from ${before ?? 'none'} to ${after ?? 'none'}`);
    } else if (before !== undefined && after !== undefined) {
      found.push(
        name.startsWith('files ')
          ? await filesChange(step, { name, before, after, memory })
          : mountChange(vertex, name),
      );
    }
  }
  return found.length > 0 ? found : ['its inputs changed'];
}

interface Parts {
  readonly past: RememberedStep;
  readonly parts: StepKey['parts'];
  readonly args: ReadonlySet<string>;
}

function operationChange(vertex: ExecVertex | FileVertex, { args, parts, past }: Parts): readonly string[] {
  const [before = '', after = ''] = [past.parts['operation'], parts['operation']];
  if (before === after) return [];
  return operationChanges({ before, after, texts: [withoutStage(past.text), withoutStage(textOf(vertex))], args });
}

/** `operation` first: it tells most. */
function partNames(before: StepKey['parts'], after: StepKey['parts']): readonly string[] {
  return [...new Set(['operation', 'root', ...Object.keys(after), ...Object.keys(before)])];
}

function rootChange(root: Vertex): string {
  if (root.op === 'source' && root.source.kind === 'image')
    return `the base image ${shown(root.source.reference)} is another one now`;
  if (root.op === 'scratch' || root.op === 'source') return 'what it is built upon changed';
  return `the step before gave another result (${shown(withoutStage(textOf(root)))})`;
}

interface FilesPart {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly memory: BuildMemory;
}

async function filesChange(step: ExplainedStep, { after, before, memory, name }: FilesPart): Promise<string> {
  const copy = (step.files?.copies ?? []).filter((item) => item !== undefined)[Number(name.slice('files '.length)) - 1];
  const what = `${copy === undefined ? 'what it copies' : sourceOf(copy.action)} changed`;
  const old = await memory.list(before);
  const now = listsOf(step).find(([content]) => content === after)?.[1]();
  if (old === undefined || now === undefined) {
    const why = now === undefined ? `more than ${MAX_LISTED_FILES} files` : 'the files of the last build are not known';
    return `${what} (${why})`;
  }
  return `${what}: ${changesInWords(old, now) ?? 'which source gives which file'}`;
}

function sourceOf({ from }: CopyAction): string {
  if (from.op !== 'source') return from.op === 'scratch' ? 'what it copies' : `what it copies of ${stageOf(from)}`;
  const { source } = from;
  switch (source.kind) {
    case 'local':
      return source.context === 'context'
        ? 'contents of the context'
        : `contents of the context ${shown(source.context)}`;
    case 'inline':
      return 'the text of the here-document';
    case 'image':
      return `what it copies of the image ${shown(source.reference)}`;
    default:
      return `what ${shown(from.name)} gives`;
  }
}

function stageOf(vertex: Exclude<Vertex, { op: 'scratch' | 'source' }>): string {
  const stage = /^\[(\S+) +\d+\/\d+\]/.exec(vertex.name)?.[1];
  return stage === undefined ? 'another stage' : `stage ${shown(stage)}`;
}

/** A mount's part is named `mount NUMBER TARGET`. */
function mountChange(vertex: ExecVertex | FileVertex, name: string): string {
  const number = Number(name.split(' ')[1] ?? 0);
  const withSource =
    vertex.op === 'exec' ? vertex.mounts.filter((mount) => 'from' in mount && mount.from !== undefined) : [];
  const mount = withSource[number - 1];
  if (mount !== undefined && 'from' in mount && mount.from?.op === 'source' && mount.from.source.kind === 'inline')
    return 'the text of the here-document changed';
  return `what is mounted at ${shown(name.split(' ').slice(2).join(' '))} changed`;
}
