import { posix } from 'node:path';
import { bytesOfText, type TreePath } from '../../../base/path.ts';
import { createIgnoreMatcher } from '../../../formats/ignorefile/index.ts';
import type { Rule } from '../../types.ts';

const ALL = new Set(['*', '**', '**/*']);

export const copyIgnoredFile: Rule = {
  id: 'CopyIgnoredFile',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'error',
  title: 'What is copied is not ignored',
  why: 'A file that the ignore file hides is not in the build context: COPY does not find it and the build fails.',
  cure: 'take the pattern out of the ignore file, add an exception (`!path`), or copy something else',
  example: {
    bad: '# .dockerignore: tmp/*\nFROM scratch\nCOPY tmp/hello.txt /',
    good: '# .dockerignore: tmp/*\nFROM scratch\nCOPY src/hello.txt /',
  },
  fixable: false,
  *check({ stages }, { context }) {
    const rules = context?.ignore;
    // An exception may show a file of a folder that is hidden: only the context itself tells.
    if (rules === undefined || rules.some(({ exception }) => exception)) return;
    const matcher = createIgnoreMatcher(rules);
    const hidesAll = rules.some(({ pattern }) => ALL.has(pattern));
    for (const { instructions } of stages) {
      for (const node of instructions) {
        if ((node.kind !== 'COPY' && node.kind !== 'ADD') || (node.kind === 'COPY' && node.from !== undefined))
          continue;
        for (const { range, value } of node.sources) {
          if (value.includes('$') || isRemote(value)) continue;
          const path = posix.join('/', value);
          const hiding =
            path === '/'
              ? hidesAll
                ? rules[0]
                : undefined
              : matcher.hides(bytesOfText(path.replace(/\/$/, '')) as TreePath);
          if (hiding === undefined) continue;
          yield { message: `${value} is hidden by ${hiding.text} in ${hiding.file}, line ${hiding.line}`, range };
        }
      }
    }
  },
};

function isRemote(source: string): boolean {
  return /^(?:https?|git|ssh):\/\//.test(source) || /^[\w.-]+@[\w.-]+:/.test(source);
}
