import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from '../../helpers/needs.ts';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/tare-python', import.meta.url));
const PACKAGES = ['spdx-tools==0.8.5', 'cyclonedx-python-lib[json-validation]==11.12.0'];
const MINUTES = 60_000; // ms

/** The folder of Python packages of the two standards' own tools, made once for all checkouts of this folder; undefined where there is no Python, or no package index. */
export function sbomValidators(): string | undefined {
  if (!needs('python3')) return undefined;
  const made = join(CACHE, 'sbom-validators-1');
  if (existsSync(made)) return made;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'new-'));
  const options = { timeout: 5 * MINUTES, stdio: 'ignore' } as const;
  try {
    execFileSync('python3', ['-m', 'pip', 'install', '-q', '--target', join(work, 'lib'), ...PACKAGES], options);
    renameSync(join(work, 'lib'), made);
    return made;
  } catch (error) {
    if (process.env['TARE_TEST_STRICT'] === '1') throw error;
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What the standard's own tool says of a document: nothing when it is valid. */
export function complaints(validators: string, format: 'spdx' | 'cyclonedx', file: string): string {
  return execFileSync('python3', ['-c', PROGRAMS[format], file], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', PYTHONPATH: validators },
    timeout: MINUTES,
  }).trim();
}

const PROGRAMS = {
  spdx: `
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
for message in validate_full_spdx_document(parse_file(sys.argv[1])): print(message.validation_message[:300])
`,
  cyclonedx: `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1], encoding='utf-8').read())
if error is not None: print(str(error)[:300])
`,
} as const;
