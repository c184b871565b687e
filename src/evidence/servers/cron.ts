import { bytesOfText, type ByteString, type TreePath } from '../../base/path.ts';
import { optionValues } from './arguments.ts';
import type { ServerRule, Statement } from './types.ts';

/** Where the daemons look: cron of Debian, cronie, dcron, and busybox, which is told by `-c`. */
const TABLES = ['/etc/crontab', '/etc/cron.d/*', '/var/spool/cron/crontabs/*', '/var/spool/cron/*', '/etc/crontabs/*'];
/** Tables of the system, whose lines name the user that runs the command. */
const OF_SYSTEM = /^\/etc\/(?:crontab$|cron\.d\/)/;
const MAX_LINES = 10_000;

/** What cron starts (crontab(5)): the shell, with the command of each line. */
export const cron: ServerRule = {
  programs: /^(?:cron|crond|busybox-crond|dcron)$/,
  setup: async ({ args, env, tree }) => {
    const given = optionValues(args, '-c').map(bytesOfText);
    const there = TABLES.filter((text) => tree.resolve(text.replace(/\/\*$/, '') as TreePath) !== undefined);
    return {
      configs: [
        ...given.map((text) => ({ text: `${text}/*`, because: `-c ${text}` })),
        ...there.map((text) => ({ text, because: 'is a table of cron' })),
      ],
      statements: [],
      bases: [],
      variables: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, bytesOfText(value)])),
      needs: [],
    };
  },
  parse: (text, file) => ({ statements: lines(text, OF_SYSTEM.test(file)) }),
  needs: ({ args: [command = ''], env = {} }) => [
    { what: 'process', argv: [env['SHELL'] ?? '/bin/sh', '-c', command], env, perhaps: true },
  ],
};

function lines(text: ByteString, namesUser: boolean): Statement[] {
  const statements: Statement[] = [];
  let env: Readonly<Record<string, ByteString>> = {};
  for (const [at, whole] of text.split('\n', MAX_LINES).entries()) {
    const line = whole.trim();
    const [, name, double, single, bare] = /^(\w+)\s*=\s*(?:"([^"]*)"$|'([^']*)'$|(.*))/.exec(line) ?? [];
    if (name !== undefined) {
      env = { ...env, [name]: double ?? single ?? bare ?? '' };
      continue;
    }
    const [, rest] = /^(?:@\w+|(?:[\d*][^\s]*|[a-zA-Z]{3}[^\s]*)(?:\s+[^\s]+){4})\s+(.*)$/.exec(line) ?? [];
    const command = namesUser ? rest?.replace(/^\S+\s+/, '') : rest;
    // Behind a `%` is what the command reads.
    const [run = ''] = command?.split(/(?<!\\)%/) ?? [];
    if (run.trim() !== '')
      statements.push({ name: 'cron', args: [run.replaceAll('\\%', '%').trim()], line: at + 1, env });
  }
  return statements;
}
