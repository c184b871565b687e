import { Document, Scalar, visit, type Tags } from 'yaml';

const MERGE = 'tag:yaml.org,2002:merge';
/** Words that are something else in YAML 1.1 (`yes`, `1:30`) are quoted: what reads it may be of either version. A key `<<` is no more than a name. */
const OPTIONS = {
  version: '1.1',
  merge: false,
  customTags: (tags: Tags) => tags.filter((tag) => typeof tag === 'string' || tag.tag !== MERGE),
  aliasDuplicateObjects: false,
} as const;

/** Numbers, nothing at all, merge and value (http://yaml.org/type): not to each reader the same. */
const MAYBE_ELSE = /^(?:[-+.~\d]|(?:<<|=)$)/;
/** In YAML 1.1 some of them end a line, and the others may not stand there (section 5.1). */
// oxlint-disable-next-line no-control-regex
const UNFIT = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]/;

/** Members in the order in which they are given; those that are undefined are left out. */
export function yamlText(documents: readonly unknown[], comment?: string): string {
  const head = comment === undefined ? '' : `# ${comment}\n`;
  return head + documents.map(documentText).join('---\n');
}

function documentText(value: unknown): string {
  const document = new Document(value, OPTIONS);
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value !== 'string') return;
      if (node.value.includes('\n') ? !isBlock(node.value) : MAYBE_ELSE.test(node.value) || UNFIT.test(node.value))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // No line is folded: a break would be a blank to whoever reads on.
  const text = document.toString({ lineWidth: 0, directives: false });
  // All of them stand in double quotes, where it is JSON that escapes: it leaves these alone.
  return text.replaceAll(
    new RegExp(UNFIT, 'g'),
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** Lines that mean the same whoever reads them: without blanks where the indentation begins or a line ends, and without control characters. */
function isBlock(text: string): boolean {
  const lines = text.replace(/\n$/, '').split('\n');
  if (!/^\S/.test(lines[0] ?? '') || lines.at(-1) === '') return false;
  return lines.every((line) => line === '' || !(/\s$/.test(line) || UNFIT.test(line)));
}
