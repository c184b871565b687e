import type { AddInstruction, Word } from '../../../formats/dockerfile/types.ts';
import type { Facts, SourceKind } from '../../facts/types.ts';
import type { Rule } from '../../types.ts';
import { fix, notFixed, replaced, type Mend } from '../mend.ts';

const ARCHIVE = /\.(?:tar|tar\.\w+|tgz|tbz2?|txz|tzst|tlz|tZ)$/;
const REMOTE = /^(?:https?|git|ssh):\/\/|^[\w.-]+@[\w.-]+:/;

export const addForLocalFiles: Rule = {
  id: 'AddForLocalFiles',
  origin: 'size',
  since: '2026.1',
  severity: 'info',
  title: 'Local files are copied with COPY',
  why: 'ADD also loads URLs and unpacks archives, by their content and not by their name: a file that happens to be one is unpacked without a word.',
  cure: 'write COPY',
  example: { bad: 'ADD requirements.txt /app/', good: 'COPY requirements.txt /app/' },
  fixable: true,
  *check({ stages }, facts) {
    for (const { instructions } of stages) {
      for (const node of instructions) {
        if (
          node.kind !== 'ADD' ||
          node.unpack !== undefined ||
          node.checksum !== undefined ||
          node.keepGitDir !== undefined
        )
          continue;
        const { sources } = node;
        if (sources.some(({ value }) => REMOTE.test(value) || value.startsWith('$') || ARCHIVE.test(value))) continue;
        if (sources.some((word) => kindOf(word, facts) === 'archive')) continue;
        yield { message: 'ADD does no more here than COPY would', range: node.keyword.range, ...asCopy(node, facts) };
      }
    }
  },
};

function kindOf({ value }: Word, { context }: Facts): SourceKind | undefined {
  return context?.kinds.get(value);
}

function asCopy(node: AddInstruction, facts: Facts): Mend {
  const unsure = node.sources.find((word) => {
    const kind = kindOf(word, facts);
    return kind === undefined || kind === 'missing' ? !isSurelyPlain(word.value) : kind === 'archive';
  });
  if (unsure !== undefined) return notFixed(`${unsure.value} could be an archive, which ADD unpacks`);
  const { range, raw, value } = node.keyword;
  if (raw !== value) return notFixed('it runs over several lines');
  return fix(replaced(range, value === value.toLowerCase() ? 'copy' : 'COPY'));
}

/** By its name alone: the folder itself, a folder with its slash, or a file with the extension of text. */
function isSurelyPlain(path: string): boolean {
  if (/[$*?[]/.test(path)) return false;
  return (
    path === '.' ||
    path.endsWith('/') ||
    /\.(?:cfg|conf|css|go|html|ini|java|js|json|lock|md|mjs|py|rb|sh|sum|toml|ts|txt|xml|ya?ml)$/.test(path)
  );
}
