import type { Instruction } from '../../../formats/dockerfile/types.ts';
import type { Rule } from '../../types.ts';

const ONCE = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'] as const;

export const multipleInstructionsDisallowed: Rule = {
  id: 'MultipleInstructionsDisallowed',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'CMD, ENTRYPOINT and HEALTHCHECK stand once in a stage',
  why: 'Of several in one stage only the last one counts; whoever reads the others believes something that is not so.',
  cure: 'remove it',
  example: { bad: 'FROM alpine:3.20\nCMD ["sh"]\nCMD ["top"]', good: 'FROM alpine:3.20\nCMD ["top"]' },
  fixable: false,
  *check({ stages }) {
    for (const { instructions } of stages) {
      const last = new Map<Instruction['kind'], Instruction>();
      for (const node of instructions) {
        if (!ONCE.some((kind) => kind === node.kind)) continue;
        const before = last.get(node.kind);
        if (before !== undefined)
          yield {
            message: `this ${node.kind} is replaced by the one in line ${node.range.start.line}`,
            range: before.range,
          };
        last.set(node.kind, node);
      }
    }
  },
};
