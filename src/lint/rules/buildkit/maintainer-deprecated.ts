import { parseDockerfile, processWord } from '../../../formats/dockerfile/index.ts';
import type { Dockerfile, MaintainerInstruction } from '../../../formats/dockerfile/types.ts';
import type { Rule } from '../../types.ts';
import { fix, notFixed, replaced, type Mend } from '../mend.ts';

const AUTHORS = 'org.opencontainers.image.authors';

export const maintainerDeprecated: Rule = {
  id: 'MaintainerDeprecated',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'The author is a label, not MAINTAINER',
  why: 'MAINTAINER is deprecated. A label says the same, is listed with the others, and can be taken from build arguments.',
  cure: `write LABEL ${AUTHORS}="NAME"`,
  example: { bad: 'MAINTAINER ops@example.org', good: `LABEL ${AUTHORS}="ops@example.org"` },
  fixable: true,
  *check(file) {
    for (const stage of file.stages) {
      const labelled = stage.instructions.some(
        (node) => node.kind === 'LABEL' && node.pairs.some(({ key }) => key.value.replace(/["']/g, '') === AUTHORS),
      );
      const count = stage.instructions.filter(({ kind }) => kind === 'MAINTAINER').length;
      for (const node of stage.instructions) {
        if (node.kind !== 'MAINTAINER') continue;
        yield {
          message: 'MAINTAINER is deprecated',
          range: node.keyword.range,
          ...(labelled || count > 1 ? notFixed('the stage names authors more than once') : asLabel(node, file)),
        };
      }
    }
  },
};

function asLabel(node: MaintainerInstruction, { escape }: Dockerfile): Mend {
  const { value } = node.name;
  const keyword = node.keyword.value === node.keyword.value.toLowerCase() ? 'label' : 'LABEL';
  const quoted = value.replace(/["$]/g, `${escape}$&`);
  const text = `${keyword} ${AUTHORS}="${quoted}"`;
  if (value.includes(escape) || node.name.raw !== value) return notFixed('the name holds an escape');
  const [, again] = parseDockerfile(`# escape=${escape}\nFROM a\n${text}`, { file: '' }).instructions;
  const pair = again?.kind === 'LABEL' && again.pairs.length === 1 ? again.pairs[0] : undefined;
  const same = pair !== undefined && processWord(pair.value.value, new Map(), { escape }).text === value;
  return same ? fix(replaced(node.range, text)) : notFixed('the name cannot be put in quotes');
}
