import { createHash } from 'node:crypto';
import { VERSION } from '../../base/version.ts';
import { RULES } from '../../explain/check/rules/index.ts';
import type { CheckReport, CheckResult } from '../../explain/check/types.ts';
import { uriOfPath } from '../machine/uri.ts';
import { evidenceLine, titleOf } from './values.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
/** Of evidence that a message repeats. */
const MAX_LINES = 10;

/** SARIF 2.1.0 (OASIS): the rules that failed, at the line of the file that sets them. */
export function checkSarif(report: CheckReport): string {
  const failed = report.results.filter(({ ok }) => !ok);
  const ids = [...new Set(failed.map(({ rule }) => rule))];
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'tare', version: VERSION, semanticVersion: VERSION, rules: ids.map(ruleOf) } },
        automationDetails: { id: `tare-check/${wellFormed(report.reference)}/` },
        columnKind: 'utf16CodeUnits',
        results: failed.map((result) => resultOf(result, report, ids)),
      },
    ],
  };
  return JSON.stringify(log, undefined, 2);
}

function ruleOf(id: string): unknown {
  const title = RULES.find((rule) => rule.id === id)?.title ?? titleOfForeign(id);
  return { id, name: id, shortDescription: { text: `${title}.` }, defaultConfiguration: { level: 'error' } };
}

function titleOfForeign(id: string): string {
  const [tool = '', ...rest] = id.split('.');
  return `${rest.join('.').replaceAll('-', ' ')}, a rule of ${tool === 'dive' ? 'dive' : 'container-structure-test'}`;
}

function resultOf(result: CheckResult, { reference }: CheckReport, ids: readonly string[]): unknown {
  const { actual, evidence, limit, message, path, rule, source } = result;
  const lines = [message, ...evidence.slice(0, MAX_LINES).map(evidenceLine)];
  // Who shows results wants a file: the one of the rule, else the one that is to blame, else the image.
  const uri = uriOfPath((source?.file ?? path ?? reference).replace(/^\/+(?=.)/, ''));
  return {
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level: 'error',
    message: { text: wellFormed(`${titleOf(result)}: ${lines.join('\n')}`) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri }, region: { startLine: source?.line ?? 1 } },
        logicalLocations: [{ fullyQualifiedName: wellFormed(reference), kind: 'module' }],
      },
    ],
    partialFingerprints: { 'tareCheck/v1': fingerprint([reference, titleOf(result)]) },
    properties: { ...(actual === undefined ? {} : { actual }), ...(limit === undefined ? {} : { limit }) },
  };
}

const fingerprint = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** Bytes of names that are no UTF-8 would be half of a surrogate pair. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
