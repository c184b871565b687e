import type { Rule } from '../../types.ts';
import { notFixed, reworded } from '../mend.ts';

export const exposeProtoCasing: Rule = {
  id: 'ExposeProtoCasing',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'The protocol of a port is in lower case',
  why: 'The image has the protocol in lower case in any event; the file should say the same.',
  cure: 'write tcp or udp',
  example: { bad: 'EXPOSE 80/TcP', good: 'EXPOSE 80/tcp' },
  fixable: true,
  *check(_file, { ports }) {
    for (const { expanded, text, word } of ports) {
      const slash = text.indexOf('/', text.lastIndexOf(':') + 1);
      if (slash === -1 || text.slice(slash) === text.slice(slash).toLowerCase()) continue;
      yield {
        message: `the protocol of ${text} has capital letters`,
        range: word.range,
        ...(expanded
          ? notFixed('it comes from a variable')
          : reworded(word, text.slice(0, slash) + text.slice(slash).toLowerCase())),
      };
    }
  },
};
