import { nameOf, textOfBytes } from '../../base/path.ts';
import { isElf } from '../../formats/elf/index.ts';
import type { Analyser, AnalyserTools, Edge, Question } from '../types.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { cron } from './cron.ts';
import { haproxy } from './haproxy.ts';
import { lighttpd } from './lighttpd.ts';
import { nginx } from './nginx.ts';
import { createReader } from './reader.ts';
import { supervisord } from './supervisord.ts';
import type { ServerRule, Started } from './types.ts';

const SERVERS: readonly ServerRule[] = [apache, caddy, cron, haproxy, lighttpd, nginx, supervisord];

/**
 * What servers need that are told by a configuration of their own what to serve or to start: nginx, Apache httpd, lighttpd, Caddy, HAProxy, supervisord, cron.
 * Their files are followed from the one that the command line or the program itself names: what they include, the modules they load, the folders they serve
 * (whole: that is the site), certificates, lists of users and types, the processes they start, and the folders that logs and temporary files go to.
 */
export function serversAnalyser(): Analyser {
  return {
    name: 'servers',
    wants: (question, head) => {
      const rule = serverOf(question);
      return rule !== undefined && (isElf(head) || (rule.isScript === true && isScript(head)));
    },
    edges: analyse,
  };
}

/** A program of many names is the one that it is called by. */
function serverOf({ context, entry }: Question): ServerRule | undefined {
  const own = nameOf(entry.path);
  const name = own === 'busybox' ? lastPart(context.argv.find((word) => lastPart(word) !== own) ?? '') : own;
  return SERVERS.find((server) => server.programs.test(name));
}

function lastPart(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

function isScript(head: Uint8Array): boolean {
  return head[0] === 0x23 && head[1] === 0x21;
}

/** Where in the command line the server is: a script may stand behind its interpreter. Undefined when it is called by somebody that is not understood. */
function calledAt(rule: ServerRule, argv: readonly string[]): number | undefined {
  const at = argv.slice(0, 3).findIndex((word) => rule.programs.test(lastPart(word)));
  return at === 0 || (at > 0 && (rule.isScript === true || lastPart(argv[0] ?? '') === 'busybox')) ? at : undefined;
}

async function analyse(question: Question, tools: AnalyserTools): Promise<readonly Edge[]> {
  const { context, entry, path } = question;
  const rule = serverOf(question);
  if (rule === undefined) return [];
  const { content, facts, tree } = tools;
  const at = calledAt(rule, context.argv);
  const started: Started = {
    called: at === undefined ? textOfBytes(path) : (context.argv[at] as string),
    args: at === undefined ? [] : context.argv.slice(at + 1),
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
