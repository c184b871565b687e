import { isTareError } from '../../../base/error.ts';
import { parseReference } from '../../../oci/reference.ts';
import type { Rule } from '../../types.ts';

export const invalidDefaultArgInFrom: Rule = {
  id: 'InvalidDefaultArgInFrom',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'FROM names an image also when no argument is given',
  why: 'A file whose base image is empty or no reference without --build-arg cannot be built by anybody who does not know which arguments it needs.',
  cure: 'give the ARG a default that makes a whole reference',
  example: { bad: 'ARG TAG\nFROM busybox:${TAG}', good: 'ARG TAG=1.36\nFROM busybox:${TAG}' },
  fixable: false,
  *check(_file, { stages }) {
    for (const { base, stage } of stages) {
      const { image } = stage.from;
      // Without a variable there is no default to be wrong.
      if (image.value.includes('$') && !isReference(base))
        yield {
          message:
            base === ''
              ? `${image.value} is empty by default`
              : `${image.value} is ${JSON.stringify(base)} by default: no reference`,
          range: image.range,
        };
    }
  },
};

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch (error) {
    if (isTareError(error)) return false;
    throw error;
  }
}
