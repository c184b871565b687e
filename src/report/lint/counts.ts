import type { LintResult } from '../../lint/lint-files.ts';
import { SEVERITIES, type Finding, type Severity } from '../../lint/types.ts';

export interface LintCounts {
  readonly bySeverity: Readonly<Record<Severity, number>>;
  readonly fixable: number;
  /** Of all findings together; undefined when nothing was measured. */
  readonly bytes: number | undefined;
  readonly silenced: number;
  readonly omitted: number;
}

export function countsOf({ files }: LintResult): LintCounts {
  const findings = files.flatMap((file) => file.findings);
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  return {
    bySeverity: { info: count('info'), warning: count('warning'), error: count('error') },
    fixable: findings.filter(isFixable).length,
    bytes: bytesOf(findings),
    silenced: files.reduce((sum, file) => sum + file.silenced, 0),
    omitted: files.reduce((sum, file) => sum + file.omitted, 0),
  };
}

export function bytesOf(findings: readonly Finding[]): number | undefined {
  const known = findings.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  return known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0);
}

export function isFixable({ fix }: Finding): boolean {
  return fix !== undefined && fix.length > 0;
}

/** Worst first. */
export const WORST_FIRST: readonly Severity[] = [...SEVERITIES].reverse();
