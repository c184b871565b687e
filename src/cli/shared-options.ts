import type { AttachOptions } from '../attest/attach.ts';
import { TareError } from '../base/error.ts';
import type { Options, OptionSpec } from './spec.ts';

/** Arguments and flags that mean the same in several commands. */

export const IMAGE_ARGUMENT = {
  name: '<image>',
  description:
    'a name in the store; or oci:DIR[:NAME], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME], docker-daemon:NAME, docker://HOST/REPOSITORY[:TAG]',
};

export const PLATFORM_OPTION: OptionSpec = {
  flags: '--platform <os/arch>',
  description: 'which one, when the reference offers several',
  defaultText: "this machine's",
};

export const TIGHTNESS_OPTION: OptionSpec = {
  flags: '--tightness <how>',
  description: 'how much to keep',
  choices: ['used', 'reachable', 'packages'],
  meanings: {
    used: 'what is proved to be needed, and no more',
    reachable: 'also what code and settings can lead to',
    packages: 'also the rest of every package in use',
  },
  defaultText: 'reachable',
  config: 'tightness',
};

export const INCLUDE_OPTION: OptionSpec = {
  flags: '--include <glob>',
  description: 'keep these paths as well',
  repeat: true,
  config: 'include',
};

export const EXCLUDE_OPTION: OptionSpec = {
  flags: '--exclude <glob>',
  description: 'never keep these paths',
  repeat: true,
  config: 'exclude',
};

export const COMPRESSION_OPTION: OptionSpec = {
  flags: '--compression <how>',
  description: 'of the layers: gzip[:LEVEL], zstd[:LEVEL] or none',
  defaultText: 'gzip:6',
  config: 'compression',
};

export const OUTPUT_OPTION: OptionSpec = {
  flags: '-o, --output <reference>',
  description: 'write the image here too: oci:DIR[:NAME], docker-archive:FILE, …',
  repeat: true,
};

/** What is put beside an image that is made. */
export const ATTACH_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--sbom [format]',
    description:
      'put a bill of materials beside the image, in the store and where it is written to; a format goes behind =',
    choices: ['spdx', 'cyclonedx'],
    meanings: { spdx: 'SPDX 2.3, also without a value', cyclonedx: 'CycloneDX 1.6' },
    bare: 'spdx',
    repeat: true,
  },
  {
    flags: '--provenance',
    description: 'put beside the image from what it was made, and how (SLSA provenance v1)',
  },
];

/** @throws TareError E_USAGE */
export async function attachOptions(options: Options): Promise<AttachOptions> {
  const { isSbomFormat } = await import('../attest/sbom/formats.ts');
  const formats = options.list('sbom').map((format) => {
    if (isSbomFormat(format)) return format;
    throw new TareError('E_USAGE', `--sbom=${format}: allowed are spdx and cyclonedx`, {
      hint: 'write --sbom, or --sbom=cyclonedx',
    });
  });
  return {
    ...(formats.length === 0 ? {} : { sbom: formats }),
    ...(options.flag('provenance') ? { provenance: true } : {}),
  };
}

export const DRY_RUN_OPTION: OptionSpec = {
  flags: '--dry-run',
  description: 'print what would be kept and dropped, and why; write nothing',
};

export const TIMEOUT_OPTION: OptionSpec = {
  flags: '--timeout <seconds>',
  description: 'how long the probes may take, all together',
  defaultText: '30',
  config: 'timeout',
};

export const PROBE_FILE_OPTION: OptionSpec = {
  flags: '--probe-file <file>',
  description: 'a YAML or JSON list of probes, as in tare.yaml',
  repeat: true,
};

export const OPENAPI_OPTION: OptionSpec = {
  flags: '--openapi <file>',
  description: 'ask every operation of an OpenAPI file; PORT:FILE unless the image exposes exactly one port',
  repeat: true,
};

export const COMPARE_OPTION: OptionSpec = {
  flags: '--compare <how>',
  description: "how answers are compared with the original's",
  choices: ['auto', 'exact', 'json', 'status'],
  meanings: {
    auto: 'what the original repeats when asked again',
    exact: 'every byte, and the headers that matter',
    json: 'the same headers, and JSON by its values',
    status: 'HTTP status and exit code alone',
  },
  defaultText: 'auto',
};

const PROBE_FORMS = 'http:PORT/PATH[=STATUS], headers:PORT/PATH[=STATUS], tcp:PORT, command:WORDS, log:TEXT';

/** @param description what is done with a probe; @param defaultText what is done without any */
export function probeOption(description: string, defaultText: string): OptionSpec {
  return {
    flags: '--probe <probe>',
    description: `${description}: ${PROBE_FORMS}`,
    defaultText,
    repeat: true,
    config: 'probes',
  };
}
