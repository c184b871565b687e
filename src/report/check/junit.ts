import type { CheckReport, CheckResult } from '../../explain/check/types.ts';
import { xml } from '../machine/xml.ts';
import { evidenceLine, titleOf } from './values.ts';

/** JUnit's XML: one suite for the image, one case for each rule. */
export function checkJunit({ counts, reference, results }: CheckReport): string {
  const name = xml(reference);
  const totals = `tests="${results.length}" failures="${counts.failed}" errors="0"`;
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<testsuites name="tare check" ${totals}>`,
    `  <testsuite name="${name}" ${totals} skipped="${counts.skipped}">`,
    ...results.flatMap((result) => caseOf(result, name)),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function caseOf(result: CheckResult, name: string): readonly string[] {
  const head = `    <testcase classname="${name}" name="${xml(titleOf(result))}"`;
  if (result.skipped !== undefined)
    return [`${head}>`, `      <skipped message="${xml(result.skipped)}"/>`, '    </testcase>'];
  if (result.ok) return [`${head}/>`];
  const lines = [result.message, ...result.evidence.map(evidenceLine)].map(xml);
  return [
    `${head}>`,
    `      <failure type="${xml(result.rule)}" message="${xml(result.message)}">${lines.join('\n')}</failure>`,
    '    </testcase>',
  ];
}
