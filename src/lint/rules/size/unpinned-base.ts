import { isTareError } from '../../../base/error.ts';
import { parseReference, type Reference } from '../../../oci/reference.ts';
import type { Rule } from '../../types.ts';

export const unpinnedBase: Rule = {
  id: 'UnpinnedBase',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'Base images have a tag other than latest, or a digest',
  why: 'The tag latest stands for whatever was pushed last: the same file gives another image tomorrow, of another size and with other libraries.',
  cure: 'name a release, or better a digest: `FROM debian:12-slim@sha256:…`',
  example: { bad: 'FROM debian', good: 'FROM debian:12-slim' },
  fixable: false,
  *check(_file, { baseOf, stages }) {
    for (const { base, parent, stage } of stages) {
      if (parent !== undefined || base === 'scratch') continue;
      const reference = referenceOf(base);
      if (reference === undefined || reference.digest !== undefined || reference.tag !== 'latest') continue;
      const { image } = stage.from;
      const known = baseOf(base);
      const repository = base.replace(/:latest$/, '');
      yield {
        message: base.endsWith(':latest')
          ? `${image.value} is whatever was pushed last`
          : `${image.value} has no tag, which means latest`,
        range: image.range,
        ...(known === undefined
          ? {}
          : { cure: `name a release, or what it is in the store today: \`FROM ${repository}@${known.digest}\`` }),
      };
    }
  },
};

function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isTareError(error)) return undefined;
    throw error;
  }
}
