import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from '../helpers/needs.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/tare-python', import.meta.url));
const MINUTES = 60_000; // ms

/** The folder of in-toto's own Python package, made once for all checkouts of this folder; undefined where there is no Python, or no package index. */
export function inTotoLibrary(): string | undefined {
  if (!needs('python3')) return undefined;
  const made = join(CACHE, 'in-toto-1');
  if (existsSync(made)) return made;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, 'new-'));
  const options = { timeout: 5 * MINUTES, stdio: 'ignore' } as const;
  try {
    const target = join(work, 'lib');
    execFileSync('python3', ['-m', 'pip', 'install', '-q', '--target', target, 'in-toto-attestation==0.9.3'], options);
    renameSync(target, made);
    return made;
  } catch (error) {
    if (process.env['TARE_TEST_STRICT'] === '1') throw error;
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What in-toto's own types say of a statement with SLSA provenance: nothing when it is valid. Members that they do not know are an error. */
export function complaintsOf(library: string, statement: unknown): string {
  return execFileSync('python3', ['-c', PROGRAM], {
    input: JSON.stringify(statement),
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', PYTHONPATH: library },
    timeout: MINUTES,
  }).trim();
}

const PROGRAM = `
import json, sys
from google.protobuf.json_format import ParseDict
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
import in_toto_attestation.v1.statement_pb2 as statement_pb2
import in_toto_attestation.v1.resource_descriptor_pb2 as descriptor_pb2
import in_toto_attestation.predicates.provenance.v1.provenance_pb2 as provenance_pb2
try:
    value = json.load(sys.stdin)
    Statement.copy_from_pb(ParseDict(value, statement_pb2.Statement())).validate()
    predicate = ParseDict(value['predicate'], provenance_pb2.Provenance())
    definition, details = predicate.build_definition, predicate.run_details
    if not definition.build_type or not details.builder.id: print('a type or a builder is missing')
    for each in list(definition.resolved_dependencies) + list(details.byproducts):
        ResourceDescriptor.copy_from_pb(each).validate()
except Exception as error:
    print(repr(error)[:300])
`;
