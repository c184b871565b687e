import type { CheckReport, CheckResult } from '../../explain/check/types.ts';
import { plural } from '../format.ts';
import { workflowCommand } from '../machine/workflow-command.ts';
import { evidenceLine, titleOf } from './values.ts';

/** Of evidence that an annotation repeats. */
const MAX_LINES = 5;

/** Workflow commands of GitHub Actions: an error for each rule that failed, at the line that sets it; else one notice. */
export function checkGithub({ counts, reference, results }: CheckReport): string {
  const told = results.filter(({ ok, skipped }) => !ok || skipped !== undefined);
  const lines = told.map((result) => commandOf(result, reference));
  if (counts.failed > 0) return lines.join('\n');
  const passed = `${reference}: ${plural(counts.passed, 'rule')} passed`;
  return [...lines, workflowCommand('notice', [['title', 'tare check']], passed)].join('\n');
}

function commandOf(result: CheckResult, reference: string): string {
  const { evidence, message, ok, source } = result;
  const places: readonly (readonly [string, string | number])[] = [
    ...(source === undefined ? [] : ([['file', source.file]] as const)),
    ...(source?.line === undefined ? [] : ([['line', source.line]] as const)),
    ['title', `tare check: ${titleOf(result)}`],
  ];
  const lines = [`${reference}: ${message}`, ...evidence.slice(0, MAX_LINES).map(evidenceLine)];
  return workflowCommand(ok ? 'notice' : 'error', places, lines.join('\n'));
}
