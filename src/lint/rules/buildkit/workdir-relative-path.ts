import type { Rule } from '../../types.ts';

export const workdirRelativePath: Rule = {
  id: 'WorkdirRelativePath',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'The first WORKDIR is absolute',
  why: 'A relative path starts at the working folder of the base image, which may be another one in its next version.',
  cure: 'write the path from the root',
  example: {
    bad: 'FROM nginx:1.27\nWORKDIR usr/share/nginx/html',
    good: 'FROM nginx:1.27\nWORKDIR /usr/share/nginx/html',
  },
  fixable: false,
  *check(_file, { stages }) {
    const done = new Set<unknown>();
    for (const facts of stages) {
      const { instructions } = facts.stage;
      let isSet = facts.parent !== undefined && done.has(facts.parent);
      for (const node of instructions) {
        if (node.kind !== 'WORKDIR') continue;
        const path = node.path.value.replace(/^["']/, '');
        if (!isSet && !/^[/$]/.test(path))
          yield {
            message: `${node.path.value} starts at the working folder of the base image`,
            range: node.path.range,
          };
        isSet = true;
      }
      if (isSet) done.add(facts);
    }
  },
};
