import { pythonPackages, runPython } from '../helpers/python-packages.ts';

/** The folder of in-toto's own Python package; undefined where it cannot be had. */
export const inTotoLibrary = (): string | undefined => pythonPackages('in-toto-1', ['in-toto-attestation==0.9.3']);

/** What in-toto's own types say of a statement with SLSA provenance: nothing when it is valid. Members that they do not know are an error. */
export const complaintsOf = (library: string, statement: unknown): string =>
  runPython(library, PROGRAM, { input: JSON.stringify(statement) });

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
