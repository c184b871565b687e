import type { Word } from '../../../formats/dockerfile/types.ts';
import type { Rule } from '../../types.ts';

/** Parts of names, between underscores (BuildKit dockerfile2llb/validations.go). */
const SECRET = words('apikey auth credential credentials key password pword passwd secret token');
const HARMLESS = words('public file version');

function words(text: string): RegExp {
  return new RegExp(`(?:_|^)(?:${text.replaceAll(' ', '|')})(?:_|$)`, 'i');
}

export const secretsUsedInArgOrEnv: Rule = {
  id: 'SecretsUsedInArgOrEnv',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'error',
  title: 'Secrets are neither arguments nor variables',
  why: 'The values of ARG and ENV are part of the image: whoever can pull it reads them from its config or its history.',
  cure: 'give it to the step that needs it: `RUN --mount=type=secret,id=…,env=…`',
  example: {
    bad: 'FROM alpine:3.20\nARG NPM_TOKEN',
    good: 'FROM alpine:3.20\nRUN --mount=type=secret,id=npm,env=NPM_TOKEN npm ci',
  },
  fixable: false,
  *check({ stages }) {
    for (const { instructions } of stages) {
      for (const node of instructions) {
        const keys: readonly Word[] =
          node.kind === 'ENV'
            ? node.pairs.map(({ key }) => key)
            : node.kind === 'ARG'
              ? node.args.map(({ key }) => key)
              : [];
        for (const { range, value } of keys)
          if (SECRET.test(value) && !HARMLESS.test(value))
            yield { message: `${value} sounds like a secret, and ${node.kind} puts it into the image`, range };
      }
    }
  },
};
