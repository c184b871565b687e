import { pythonPackages, runPython } from '../../helpers/python-packages.ts';

const PACKAGES = ['spdx-tools==0.8.5', 'cyclonedx-python-lib[json-validation]==11.12.0'];

/** The folder of the two standards' own tools; undefined where they cannot be had. */
export const sbomValidators = (): string | undefined => pythonPackages('sbom-validators-1', PACKAGES);

/** What the standard's own tool says of a document: nothing when it is valid. */
export const complaints = (validators: string, format: 'spdx' | 'cyclonedx', file: string): string =>
  runPython(validators, PROGRAMS[format], { args: [file] });

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
