import type { Rule } from '../../types.ts';
import { execForm } from '../exec-form.ts';

export const shellFormEntrypoint: Rule = {
  id: 'ShellFormEntrypoint',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'ENTRYPOINT needs no shell',
  why: 'An ENTRYPOINT in shell form ignores CMD and the arguments of `run`, and keeps a shell in an image that may need none otherwise.',
  cure: 'write it as a JSON array of its words',
  example: { bad: 'ENTRYPOINT /app/server --port 8080', good: 'ENTRYPOINT ["/app/server", "--port", "8080"]' },
  fixable: true,
  *check({ escape }, facts) {
    for (const { stage } of facts.chain)
      for (const node of stage.instructions)
        if (node.kind === 'ENTRYPOINT' && node.form === 'shell' && node.command.value !== '')
          yield {
            message: 'this ENTRYPOINT ignores CMD and all arguments, and needs a shell in the image',
            range: node.command.range,
            ...execForm(node, facts, escape),
          };
  },
};
