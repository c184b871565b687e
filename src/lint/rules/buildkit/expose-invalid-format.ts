import type { Rule } from '../../types.ts';
import { notFixed, reworded } from '../mend.ts';

export const exposeInvalidFormat: Rule = {
  id: 'ExposeInvalidFormat',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'EXPOSE names ports of the container alone',
  why: 'An address or a port of the host is ignored here, since an image cannot choose them, and will be an error in a later version.',
  cure: 'write the port of the container; publish it with `-p` when it is run',
  example: { bad: 'EXPOSE 127.0.0.1:8080:80', good: 'EXPOSE 80' },
  fixable: true,
  *check(_file, { ports }) {
    for (const { expanded, text, word } of ports) {
      const parts = text.split(':');
      const container = parts.at(-1) ?? '';
      if (parts.length < 2 || parts.slice(0, -1).every((part) => part === '')) continue;
      yield {
        message: `${text} says more than the port of the container`,
        range: word.range,
        cure: `write ${container}`,
        ...(expanded ? notFixed('it comes from a variable') : reworded(word, container)),
      };
    }
  },
};
