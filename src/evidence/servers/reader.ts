import {
  type ByteString,
  bytesOfText,
  joinPath,
  nameOf,
  parentOf,
  showPath,
  textOfBytes,
  type TreePath,
} from '../../base/path.ts';
import type { Entry } from '../../tree/types.ts';
import { expandGlob } from '../glob.ts';
import { isSharedFolder } from '../shared-folders.ts';
import { DEFAULT_PATH, findFile, findProgram, type Place } from '../shell/search.ts';
import type { AnalyserTools, Certainty, Edge, Kind, ProcessContext } from '../types.ts';
import { withVariables } from './variables.ts';
import type { Need, ProcessNeed, ServerRule, Setup, Statement } from './types.ts';

interface ReaderInput {
  readonly rule: ServerRule;
  readonly setup: Setup;
  readonly tools: AnalyserTools;
  readonly context: ProcessContext;
  readonly program: TreePath;
}

interface Who {
  readonly from: TreePath;
  readonly because: string;
  readonly certainty: Certainty;
  readonly line?: number;
}

/** Collects what configuration files need, one after the other. */
export interface Reader {
  readonly edges: readonly Edge[];
  take(need: Need, who: Who): void;
  follow(statement: Statement, where: { readonly from: TreePath; readonly folder: TreePath }): void;
  /** Reads the files that are left, and those that they include. */
  finish(): Promise<void>;
}

const MAX_CONFIG_FILES = 2000;
/** Files that one statement names. */
const MAX_NAMED = 1000;
const MAX_CONFIG_BYTES = 8 * 1024 * 1024; // 8 MiB: maps of addresses are included too
/** Files of one folder that is served. */
const MAX_SITE_FILES = 200_000;
const MAX_DEPTH = 64;
/** What is there only while a system runs, and interpreters: a name alone does not bring them in. */
const NEVER_NAMED = /^\/(?:dev|proc|sys|run|var\/run|tmp)\/|^\/(?:usr\/)?s?bin\//;

export function createReader({ context, program, rule, setup, tools }: ReaderInput): Reader {
  const { cwd, env } = context;
  const { content, tree, warn } = tools;
  const edges: Edge[] = [];
  const pending: Place[] = [];
  const read = new Set<TreePath>();
  const served = new Set<TreePath>();
  let bases: readonly ByteString[] = setup.bases;
  let variables = setup.variables;

  const edge = ({ because, certainty, from, line }: Who, to: TreePath, kind: Kind): void => {
    if (to !== from) edges.push({ from, to, kind, because, certainty, ...(line !== undefined && { at: { line } }) });
  };
  const find = (text: ByteString): Place | undefined =>
    findFile(tree, text, [...bases.flatMap((base) => tree.resolve(base as TreePath)?.entry.path ?? []), cwd]);
  const serve = (folder: Entry, who: Who, depth = 0): void => {
    if (depth > MAX_DEPTH || served.has(folder.path)) return;
    served.add(folder.path);
    for (const entry of tree.children(folder.path)) {
      if (edges.length >= MAX_SITE_FILES) return;
      if (entry.type === 'directory') {
        edge(who, entry.path, 'app');
        serve(entry, who, depth + 1);
      } else edge(who, entry.path, 'app');
    }
  };
  const include = (text: ByteString, who: Who): void => {
    const texts = /[*?[]/.test(text) && !text.startsWith('/') ? bases.map((base) => `${base}/${text}`) : [text];
    const paths = texts.flatMap((each) =>
      /[*?[]/.test(each) ? expandGlob(tree, each).map((path) => find(path)) : [find(each)],
    );
    for (const place of paths) {
      if (place?.entry.type === 'directory') {
        edge(who, place.path, 'config');
        for (const { path } of tree.children(place.entry.path)) include(path, who);
      } else if (place?.entry.content !== undefined) {
        edge(who, place.path, 'config');
        if (!read.has(place.entry.path) && read.size < MAX_CONFIG_FILES) {
          read.add(place.entry.path);
          pending.push(place);
        }
      }
    }
  };
  const written = (text: ByteString, who: Who): void => {
    const place = find(text);
    const link = place === undefined ? linkAt(text) : tree.get(place.path)?.type === 'symlink' ? place.path : undefined;
    if (link !== undefined) edge(who, link, 'opened');
    const folder =
      place?.entry.type === 'directory' ? place : find(text.slice(0, text.replace(/\/+$/, '').lastIndexOf('/')) || '/');
    if (folder?.entry.type === 'directory' && !/^\/(?:dev|proc|sys)(?:\/|$)/.test(folder.path))
      edge(who, folder.path, 'looked-up');
  };
  /** A link to something that is there only while the container runs. */
  const linkAt = (text: ByteString): TreePath | undefined => {
    const slash = text.lastIndexOf('/');
    const folder = slash === -1 ? undefined : find(text.slice(0, slash) || '/')?.entry;
    const path = folder?.type === 'directory' ? joinPath(folder.path, text.slice(slash + 1)) : undefined;
    return path !== undefined && tree.get(path)?.type === 'symlink' ? path : undefined;
  };

  const start = ({ argv, cwd: place, env: own, perhaps }: ProcessNeed, who: Who): void => {
    const [name = ''] = argv;
    const folder = place === undefined ? undefined : find(place);
    if (folder !== undefined) edge(who, folder.path, 'looked-up');
    const there = folder?.entry.type === 'directory' ? folder.entry.path : cwd;
    const inherited = { ...env, ...textsOf({ ...variables, ...own }) };
    const searchPaths = [bytesOfText(inherited['PATH'] ?? ''), DEFAULT_PATH];
    const found = findProgram(tree, name, { searchPaths, folders: [there, cwd] });
    if (found === undefined) {
      if (perhaps === true || name === '') return;
      const message = `${showPath(who.from)}: ${who.because}: ${showPath(name)} is not in this tree`;
      warn({
        code: 'server-program',
        message,
        path: showPath(who.from),
        ...(who.line !== undefined && { line: who.line }),
      });
      return;
    }
    const starts = { argv: argv.map(textOfBytes), cwd: there, env: inherited };
    const certainty = perhaps === true ? 'likely' : who.certainty;
    edges.push({ ...edgeOf({ ...who, certainty }, found.path), starts });
  };

  const take = (need: Need, who: Who): void => {
    if (need.what === 'process') return start(need, who);
    const text = withVariables(need.text, variables);
    if (text === '' || text.includes('\0')) return;
    if (need.what === 'include') return include(text, who);
    if (need.what === 'written') return written(text, who);
    const place = find(text);
    if (place === undefined) return;
    if (need.what === 'content') {
      if (place.entry.type !== 'directory') return edge(who, place.path, 'app');
      edge(who, place.path, 'app');
      if (!isSharedFolder(place.entry.path)) serve(place.entry, who);
    } else if (place.entry.type === 'directory') edge(who, place.path, 'looked-up');
    else if (need.what === 'module') edge(who, place.path, 'elf-dlopen');
    else edge(who, place.path, 'opened');
  };
  const follow = (statement: Statement, where: { readonly from: TreePath; readonly folder: TreePath }): void => {
    const because = `${showPath(statement.name)} ${statement.args.slice(0, 3).map(showPath).join(' ')}`.slice(0, 200);
    const who: Who = { from: where.from, because, certainty: 'sure', line: statement.line };
    const base = rule.base?.(statement);
    if (base !== undefined) bases = [withVariables(base, variables), ...bases];
    variables = { ...variables, ...rule.sets?.(statement, { ...setup, variables }) };
    const needs = rule.needs(statement, { ...setup, variables });
    for (const need of needs) take(need, who);
    if (needs.length > 0) return;
    // Whatever a statement means, a file that it names by its whole path is read.
    const texts = statement.args.flatMap((arg) => withVariables(arg, variables).match(/\/[^\s"'(),;=]+/g) ?? []);
    for (const text of texts.slice(0, MAX_NAMED)) {
      const place = findFile(tree, text, []);
      if (place?.entry.content === undefined || NEVER_NAMED.test(place.path) || NEVER_NAMED.test(place.entry.path))
        continue;
      edge({ ...who, certainty: 'likely' }, place.path, 'opened');
    }
  };
  const readOne = async (place: Place): Promise<void> => {
    const shown = showPath(place.path);
    if (place.entry.size > MAX_CONFIG_BYTES) {
      warn({
        code: 'server-config',
        message: `${shown} is too large to be a configuration: what it names was not looked at`,
        path: shown,
      });
      return;
    }
    const text = Buffer.from(await content.read(place.entry)).toString('latin1');
    const { problem, statements } = rule.parse(text, place.path);
    if (problem !== undefined)
      warn({ code: 'server-config', message: `${shown} is not fully understood: ${problem}`, path: shown });
    for (const statement of statements)
      follow(statement, { from: place.entry.path, folder: parentOf(place.entry.path) });
  };
  return {
    edges,
    take,
    follow,
    finish: async () => {
      if (pending.length === 0) {
        const shown = showPath(program);
        const message = `${shown}: none of its configuration files is in this tree (${setup.configs.map(({ text }) => showPath(text)).join(', ') || nameOf(program)})`;
        if (setup.configs.length > 0) warn({ code: 'server-config', message, path: shown });
      }
      for (let place = pending.shift(); place !== undefined; place = pending.shift()) await readOne(place);
    },
  };
}

function edgeOf({ because, certainty, from, line }: Who, to: TreePath): Edge {
  return { from, to, kind: 'command', because, certainty, ...(line !== undefined && { at: { line } }) };
}

function textsOf(values: Readonly<Record<string, ByteString>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, textOfBytes(value)]));
}
