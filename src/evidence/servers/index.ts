import { nameOf, type TreePath } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import type { Analyser, AnalyserTools, Edge, Question } from '../types.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { haproxy } from './haproxy.ts';
import { lighttpd } from './lighttpd.ts';
import { nginx } from './nginx.ts';
import { createReader } from './reader.ts';
import type { ServerRule, Started } from './types.ts';

const SERVERS: readonly ServerRule[] = [apache, caddy, haproxy, lighttpd, nginx];

/**
 * What servers need that are told by a configuration of their own what to serve: nginx, Apache httpd, lighttpd, Caddy, HAProxy. Their files are followed from
 * the one that the command line or the program itself names: what they include, the modules they load, the folders they serve (whole: that is the site),
 * certificates, lists of users and types, and the folders that logs and temporary files go to.
 */
export function serversAnalyser(): Analyser {
  return {
    name: 'servers',
    wants: ({ entry }, head) => serverOf(entry.path) !== undefined && isElf(head),
    edges: analyse,
  };
}

function serverOf(path: TreePath): ServerRule | undefined {
  const name = nameOf(path);
  return SERVERS.find((server) => server.programs.test(name));
}

async function analyse({ context, entry, path }: Question, tools: AnalyserTools): Promise<readonly Edge[]> {
  const rule = serverOf(entry.path);
  if (rule === undefined) return [];
  const { content, facts, tree } = tools;
  const [program = '', ...args] = context.argv;
  // Called by somebody that is not understood, it is taken to be called without any words.
  const known = rule.programs.test(program.slice(program.lastIndexOf('/') + 1));
  const started: Started = {
    args: known ? args : [],
    env: context.env,
    cwd: context.cwd,
    program: entry,
    tree,
    content,
    facts,
  };
  const setup = await rule.setup(started);
  const reader = createReader({ rule, setup, tools, context, program: path });
  for (const { because, need } of setup.needs) reader.take(need, { from: path, because, certainty: 'likely' });
  for (const { because, text } of setup.configs)
    reader.take({ what: 'include', text }, { from: path, because, certainty: 'sure' });
  for (const statement of setup.statements) reader.follow(statement, { from: path, folder: context.cwd });
  await reader.finish();
  return reader.edges;
}
