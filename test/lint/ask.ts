import { parseIgnoreFile } from '../../src/formats/ignorefile/index.ts';
import { fixDockerfile } from '../../src/lint/fix.ts';
import { lintDockerfile, type LintOptions } from '../../src/lint/lint.ts';
import { RULE_IDS as ALL } from '../../src/lint/rules/index.ts';
import type { Finding } from '../../src/lint/types.ts';

const IGNORE_FILE = /^# \.dockerignore: (.*)$/m;

/** A text that stands in a stage of a small image, unless it has a FROM itself. */
export function wholeFile(text: string): string {
  return /^(?:#.*\n|ARG.*\n)*(?:FROM|from|From)\b/.test(text) || /^FROM /m.test(text)
    ? text
    : `FROM debian:12-slim\n${text}`;
}

/** `# .dockerignore: a b` in the text is the ignore file of a folder in which every source is a folder. */
export function contextOf(text: string): NonNullable<LintOptions['context']> {
  const patterns = IGNORE_FILE.exec(text)?.[1];
  const ignore =
    patterns === undefined ? undefined : parseIgnoreFile(patterns.replaceAll(' ', '\n'), { file: '.dockerignore' });
  return { ignore, kinds: new Map(['.', 'src', './'].map((path) => [path, 'directory'])) };
}

export function findingsOf(text: string, rule: string, options: LintOptions = {}): readonly Finding[] {
  const file = wholeFile(text);
  const { findings } = lintDockerfile(file, {
    context: contextOf(file),
    rules: { InvalidDefinitionDescription: 'warning' },
    ...options,
  });
  return findings.filter((finding) => finding.rule === rule);
}

/** The text after the fixes of one rule; undefined when there was none to do. */
export function fixedBy(text: string, rule: string, options: LintOptions = {}): string | undefined {
  const rules = Object.fromEntries([...ALL].map((id) => [id, id === rule ? 'warning' : 'off'] as const));
  const { fixed, text: after } = fixDockerfile(text, { rules, ...options });
  return fixed.length === 0 ? undefined : after;
}
