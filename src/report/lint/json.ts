import type { LintResult, LintedFile } from '../../lint/lint-files.ts';
import type { Finding } from '../../lint/types.ts';
import { countsOf, isFixable } from './counts.ts';

/** The answer of `tare lint --json`. Lines and columns count from 1, columns in UTF-16 units; ends are exclusive. */
export function lintJson(result: LintResult): unknown {
  const { bySeverity, bytes, fixable } = countsOf(result);
  return {
    ok: result.ok,
    ruleset: result.ruleset,
    counts: { ...bySeverity, fixable },
    bytes: bytes ?? null,
    files: result.files.map(fileJson),
  };
}

function fileJson({ before, file, findings, fixed, omitted, silenced }: LintedFile): unknown {
  return {
    file,
    changed: before !== undefined,
    findings: findings.map(findingJson),
    fixed: fixed.map(findingJson),
    silenced,
    omitted,
  };
}

function findingJson(finding: Finding): unknown {
  const { bytes, cure, message, notFixed, range, rule, severity } = finding;
  const { end, start } = range;
  return {
    rule,
    severity,
    message,
    cure,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    fixable: isFixable(finding),
    ...(notFixed === undefined ? {} : { notFixed }),
    ...(bytes === undefined ? {} : { bytes }),
  };
}
