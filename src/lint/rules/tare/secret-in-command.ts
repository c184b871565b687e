import { secretsIn } from '../../../base/command-secrets.ts';
import type { Rule } from '../../types.ts';

const COMMANDS: ReadonlySet<string> = new Set(['RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'ONBUILD']);

export const secretInCommand: Rule = {
  id: 'SecretInCommand',
  origin: 'tare',
  since: '2026.1',
  severity: 'error',
  title: 'No password stands in a command',
  why: 'A command is part of the image: whoever can pull it reads the password in its history or its config, and so does everybody who may see the log of a build or the list of processes.',
  cure: 'give it to the step that needs it: `RUN --mount=type=secret,id=…,env=…`; or let the program read it from a file or a variable when the container starts',
  example: {
    bad: 'FROM alpine:3.20\nRUN mysql -h db -phunter2 -e "CREATE DATABASE app"',
    good: 'FROM alpine:3.20\nRUN --mount=type=secret,id=db,env=MYSQL_PWD mysql -h db -e "CREATE DATABASE app"',
  },
  fixable: false,
  *check({ instructions, text }, { rangeAt }) {
    for (const { kind, range } of instructions) {
      if (!COMMANDS.has(kind)) continue;
      const start = range.start.offset;
      for (const place of secretsIn(text.slice(start, range.end.offset)))
        yield {
          message: `a password or token stands in ${kind}`,
          range: rangeAt(start + place.start, start + place.end),
        };
    }
  },
};
