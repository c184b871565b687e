import type { Rule } from '../../types.ts';
import { execForm } from '../exec-form.ts';

export const jsonArgsRecommended: Rule = {
  id: 'JSONArgsRecommended',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'CMD and ENTRYPOINT are JSON arrays',
  why: 'In shell form the program is a child of /bin/sh, which does not hand signals on: it is killed after the grace period instead of ending by itself. Whoever needs the shell says so with SHELL.',
  cure: 'write the command as a JSON array of its words',
  example: { bad: 'CMD node server.js', good: 'CMD ["node", "server.js"]' },
  fixable: true,
  *check({ escape, stages }, facts) {
    for (const { instructions } of stages) {
      for (const node of instructions) {
        if ((node.kind !== 'CMD' && node.kind !== 'ENTRYPOINT') || node.form === 'exec') continue;
        const { shell } = facts.pointOf(node);
        // What was meant as an array and is none has a rule of its own, and its words are not the words of a command.
        if (shell !== undefined || node.command.value.startsWith('[')) continue;
        yield {
          message: `${node.kind} in shell form keeps signals from the program`,
          range: node.command.value === '' ? node.keyword.range : node.command.range,
          ...execForm(node, facts, escape),
        };
      }
    }
  },
};
