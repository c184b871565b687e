import { isDigest } from '../../base/digest.ts';
import { processHeredoc } from '../../formats/dockerfile/expand.ts';
import { dockerfileError } from '../../formats/dockerfile/source.ts';
import type { AddInstruction, CopyInstruction, Word } from '../../formats/dockerfile/types.ts';
import type { CopyAction, FileVertex, Source, Vertex } from '../types.ts';
import { parseGitUrl } from './git-url.ts';
import {
  absolute,
  expand,
  placeOf,
  stepName,
  withHistory,
  withoutCredentials,
  type Handler,
  type StageState,
  type StageTools,
} from './state.ts';

const UNNAMED = '__unnamed__';

export const copy: Handler<'COPY'> = (state, instruction, tools) => {
  const { from } = instruction;
  const source = from === undefined ? tools.context : tools.sourceOf(from, instruction.range);
  return copied(state, instruction, tools, { unpack: false, parents: instruction.parents, pick: () => source });
};

export const add: Handler<'ADD'> = (state, instruction, tools) => {
  const remote = (url: string, word: Word): Picked | undefined => remoteSource(url, word, instruction, tools);
  return copied(state, instruction, tools, {
    unpack: instruction.unpack ?? true,
    parents: false,
    pick: (path, word) => remote(path, word) ?? tools.context,
  });
};

/** A source that is not the context: its vertex, the path in it, and whether archives are unpacked there. */
interface Picked {
  readonly vertex: Vertex;
  readonly path: string;
  readonly unpack: boolean;
}

interface Copying {
  readonly unpack: boolean;
  readonly parents: boolean;
  readonly pick: (path: string, word: Word) => Vertex | Picked;
}

function copied(
  state: StageState,
  instruction: AddInstruction | CopyInstruction,
  tools: StageTools,
  { parents, pick, unpack }: Copying,
): StageState {
  const { chmod, chown, destination, exclude, heredocs, link, range } = instruction;
  const owner = chown === undefined ? '' : expand(state, chown, range, tools);
  const mode = chmod === undefined ? '' : expand(state, chmod, range, tools);
  const target = expand(state, destination.value, destination.range, tools);
  const shared = {
    destination: absolute(target, state.cwd, true),
    ...(owner === '' ? {} : { owner }),
    ...(mode === '' ? {} : { mode }),
    parents,
    exclude: exclude.map((pattern) => expand(state, pattern, range, tools)),
  };
  const actions: CopyAction[] = [];
  const texts: string[] = [];
  const outside: { text: string; path: string }[] = [];
  for (const word of instruction.sources) {
    const path = expand(state, word.value, word.range, tools);
    texts.push(withoutCredentials(path));
    const picked = pick(path, word);
    const item = 'vertex' in picked ? picked : { vertex: picked, path: sourcePath(path, parents), unpack };
    if (item.vertex === tools.context && leaves(path)) outside.push({ text: path, path: item.path });
    const last = actions.at(-1);
    if (last !== undefined && last.from === item.vertex && last.unpack === item.unpack)
      actions[actions.length - 1] = { ...last, sources: [...last.sources, item.path] };
    else actions.push({ kind: 'copy', from: item.vertex, sources: [item.path], unpack: item.unpack, ...shared });
  }
  for (const heredoc of heredocs) {
    const text = processHeredoc(heredoc, state.variables).text;
    texts.push(`<<${heredoc.name}`);
    const vertex = inline(heredoc.name, text, 0o644);
    actions.push({ kind: 'copy', from: vertex, sources: [`/${heredoc.name}`], unpack: false, ...shared });
  }
  const flags = `${parents ? ' --parents' : ''}${owner === '' ? '' : ` --chown=${owner}`}${mode === '' ? '' : ` --chmod=${mode}`}`;
  const name = stepName(state, instruction.text, tools);
  return withHistory(
    {
      ...state,
      steps: state.steps + 1,
      // BuildKit's front end lays a copy with --chmod on what is there.
      vertex: written({
        actions,
        link: link && mode === '',
        name,
        root: state.vertex,
        where: placeOf(instruction, tools),
        outside,
      }),
    },
    `${instruction.kind}${flags} ${[...texts, target].join(' ')} # buildkit`,
    true,
    tools,
  );
}

/** With `--link` the files lie on nothing, and are put over what was there: the step depends on nothing below it. */
function written(step: {
  readonly actions: readonly CopyAction[];
  readonly link: boolean;
  readonly name: string;
  readonly root: Vertex;
  readonly where: string;
  readonly outside: NonNullable<FileVertex['outside']>;
}): Vertex {
  const { actions, link, name, outside, root, where } = step;
  const file = (lower: Vertex): FileVertex => ({
    op: 'file',
    name,
    where,
    root: lower,
    actions,
    ...(outside.length === 0 ? {} : { outside }),
  });
  return link ? { op: 'merge', name: `${name} (link)`, where, inputs: [root, file({ op: 'scratch' })] } : file(root);
}

/** More `..` than folders before them. */
function leaves(path: string): boolean {
  let depth = 0;
  for (const name of path.split('/')) {
    if (name === '..') depth -= 1;
    else if (name !== '' && name !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

/** From the root of the source; `/./` stays, where parents are kept. */
function sourcePath(path: string, parents: boolean): string {
  const pivot = parents ? path.indexOf('/./') : -1;
  if (pivot === -1) return absolute(path, '/');
  const head = absolute(path.slice(0, pivot), '/');
  return `${head === '/' ? '' : head}/.${absolute(path.slice(pivot + 3), '/')}`;
}

/** A file that stands in the Dockerfile. */
export function inline(name: string, text: string, mode: number): Vertex {
  return { op: 'source', name: `<<${name}`, source: { kind: 'inline', files: { [name]: text }, mode } };
}

function remoteSource(
  url: string,
  word: Word,
  { checksum, keepGitDir, sources, unpack }: AddInstruction,
  { file }: StageTools,
): Picked | undefined {
  const fail = (what: string, hint?: string): Error =>
    dockerfileError(file, word.range, what, hint === undefined ? {} : { hint });
  const git = parseGitUrl(url);
  const isHttp = /^https?:\/\//i.test(url);
  if (checksum !== undefined && git === undefined && !isHttp)
    throw fail('--checksum goes with a source from the network only', 'remove it, or ADD a URL');
  if (checksum !== undefined && sources.length > 1) throw fail('--checksum goes with a single source');
  if (git !== undefined) {
    const source: Source = {
      kind: 'git',
      ...git,
      keepGitDir: keepGitDir ?? false,
      ...(checksum === undefined ? {} : { checksum }),
    };
    return { vertex: { op: 'source', name: withoutCredentials(url), source }, path: '/', unpack: false };
  }
  if (!isHttp) return undefined;
  if (checksum !== undefined && !isDigest(checksum))
    throw fail(`${JSON.stringify(checksum)} is not a digest`, 'write --checksum=sha256:<64 hexadecimal digits>');
  const source: Source = {
    kind: 'http',
    url,
    filename: fileName(url),
    ...(checksum === undefined ? {} : { checksum }),
  };
  return {
    vertex: { op: 'source', name: withoutCredentials(url), source },
    path: `/${source.filename}`,
    unpack: unpack ?? false,
  };
}

function fileName(url: string): string {
  try {
    const name = new URL(url).pathname
      .split('/')
      .filter((part) => part !== '')
      .at(-1);
    return name === undefined ? UNNAMED : decodeURIComponent(name).replaceAll('/', '_');
  } catch (error) {
    if (error instanceof TypeError || error instanceof URIError) return UNNAMED;
    throw error;
  }
}
