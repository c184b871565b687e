import { Document, Scalar, visit } from 'yaml';

/** Words that are something else in YAML 1.1 (`yes`, `1:30`) are quoted: what reads it may be of either version. */
const OPTIONS = { version: '1.1', aliasDuplicateObjects: false } as const;

/** Numbers, and nothing at all: not in each version the same. */
const MAYBE_NUMBER = /^[-+.~\d]/;

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
      if (node.value.includes('\n') ? !isBlock(node.value) : MAYBE_NUMBER.test(node.value))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // No line is folded: a break would be a blank to whoever reads on.
  return document.toString({ lineWidth: 0, directives: false });
}

/** Lines that mean the same whoever reads them: without blanks where the indentation begins or a line ends, and without control characters. */
function isBlock(text: string): boolean {
  const lines = text.replace(/\n$/, '').split('\n');
  if (!/^\S/.test(lines[0] ?? '') || lines.at(-1) === '') return false;
  // oxlint-disable-next-line no-control-regex
  return lines.every((line) => line === '' || !/\s$|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]/.test(line));
}
