import { VERSION } from '../../base/version.ts';
import type { LintResult, LintedFile } from '../../lint/lint-files.ts';
import { RULES } from '../../lint/rules/index.ts';
import type { Finding, Rule, Severity } from '../../lint/types.ts';
import { formatSize } from '../format.ts';
import { uriOfPath } from '../machine/uri.ts';
import { isFixable } from './counts.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
const LEVELS: Readonly<Record<Severity, string>> = { info: 'note', warning: 'warning', error: 'error' };

/** SARIF 2.1.0 (OASIS): one run, the rules that have found something, and fixes where there are some. */
export function lintSarif({ files }: LintResult): string {
  const used = new Set(files.flatMap(({ findings }) => findings.map(({ rule }) => rule)));
  const rules = RULES.filter(({ id }) => used.has(id));
  const results = files.flatMap((file) => file.findings.map((finding) => resultOf(file, finding, rules)));
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'tare', version: VERSION, semanticVersion: VERSION, rules: rules.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results,
      },
    ],
  };
  return JSON.stringify(log, undefined, 2);
}

function ruleOf({ cure, id, origin, severity, title, why }: Rule): unknown {
  return {
    id,
    name: id,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: why },
    help: { text: `${why}\n\nCure: ${cure}.` },
    ...(origin === 'buildkit' ? { helpUri: `https://docs.docker.com/reference/build-checks/${kebab(id)}/` } : {}),
    defaultConfiguration: { enabled: severity !== 'off', level: LEVELS[severity === 'off' ? 'warning' : severity] },
    properties: { tags: [origin] },
  };
}

/** `JSONArgsRecommended` → `json-args-recommended`. */
export function kebab(id: string): string {
  return id.replace(/([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();
}

function resultOf(file: LintedFile, finding: Finding, rules: readonly Rule[]): unknown {
  const { bytes, cure, fix = [], message, range, rule, severity } = finding;
  const artifactLocation = { uri: uriOfPath(file.file === '-' ? 'stdin' : file.file) };
  const size = bytes === undefined ? '' : ` (${formatSize(bytes)})`;
  const { end, start } = range;
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ id }) => id === rule),
    level: LEVELS[severity],
    message: { text: `${message}${size}. Cure: ${cure}.` },
    locations: [
      {
        physicalLocation: {
          artifactLocation,
          region: {
            startLine: start.line,
            startColumn: start.column,
            endLine: end.line,
            endColumn: end.column,
            charOffset: start.offset,
            charLength: end.offset - start.offset,
          },
        },
      },
    ],
    ...(isFixable(finding)
      ? {
          fixes: [
            {
              description: { text: cure },
              artifactChanges: [{ artifactLocation, replacements: fix.map(replacementOf) }],
            },
          ],
        }
      : {}),
    ...(bytes === undefined ? {} : { properties: { bytes } }),
  };
}

function replacementOf({ end, start, text }: NonNullable<Finding['fix']>[number]): unknown {
  return {
    deletedRegion: { charOffset: start, charLength: end - start },
    ...(text === '' ? {} : { insertedContent: { text } }),
  };
}
