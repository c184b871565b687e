import type { LintResult } from '../../lint/lint-files.ts';
import type { Finding, Severity } from '../../lint/types.ts';
import { formatSize } from '../format.ts';
import { workflowCommand, type WorkflowCommand } from '../machine/workflow-command.ts';
import { xml } from '../machine/xml.ts';

/** One line of text about a finding, for formats that have room for no more. */
function sentence({ bytes, cure, message }: Finding): string {
  return `${message}${bytes === undefined ? '' : ` (${formatSize(bytes)})`}: ${cure}`;
}

const COMMANDS: Readonly<Record<Severity, WorkflowCommand>> = { info: 'notice', warning: 'warning', error: 'error' };

/** Workflow commands of GitHub Actions, one line each: they become annotations of the change. */
export function lintGithub({ files }: LintResult): string {
  return files
    .flatMap(({ file, findings }) =>
      findings.map((finding) => {
        const { end, start } = finding.range;
        const places: readonly (readonly [string, string | number])[] = [
          ['file', file === '-' ? 'stdin' : file],
          ['line', start.line],
          ['endLine', end.line],
          // Columns count within one line only.
          ...(start.line === end.line
            ? ([
                ['col', start.column],
                ['endColumn', end.column],
              ] as const)
            : []),
          ['title', finding.rule],
        ];
        return workflowCommand(COMMANDS[finding.severity], places, sentence(finding));
      }),
    )
    .join('\n');
}

/** Checkstyle's XML, as its version 4.3 writes it. */
export function lintCheckstyle({ files }: LintResult): string {
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<checkstyle version="4.3">',
    ...files.flatMap(({ file, findings }) => [
      `  <file name="${xml(file === '-' ? 'stdin' : file)}">`,
      ...findings.map((finding) => {
        const { column, line } = finding.range.start;
        return `    <error line="${line}" column="${column}" severity="${finding.severity}" message="${xml(sentence(finding))}" source="tare.${finding.rule}"/>`;
      }),
      '  </file>',
    ]),
    '</checkstyle>',
  ].join('\n');
}

/** JUnit's XML: a suite for each file, a failed case for each finding; a file without findings has one case that passed. */
export function lintJunit({ files }: LintResult): string {
  const total = files.reduce((sum, { findings }) => sum + findings.length, 0);
  const cases = files.reduce((sum, { findings }) => sum + Math.max(1, findings.length), 0);
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<testsuites name="tare lint" tests="${cases}" failures="${total}">`,
    ...files.flatMap(({ file, findings }) => {
      const name = xml(file === '-' ? 'stdin' : file);
      return [
        `  <testsuite name="${name}" tests="${Math.max(1, findings.length)}" failures="${findings.length}">`,
        ...(findings.length === 0 ? [`    <testcase classname="${name}" name="no findings"/>`] : []),
        ...findings.flatMap((finding) => [
          `    <testcase classname="${name}" name="${finding.rule} in line ${finding.range.start.line}">`,
          `      <failure type="${finding.severity}" message="${xml(finding.message)}">${xml(sentence(finding))}</failure>`,
          '    </testcase>',
        ]),
        '  </testsuite>',
      ];
    }),
    '</testsuites>',
  ].join('\n');
}
