import { TareError } from '../base/error.ts';
import type { Descriptor, ImageIndex, Platform } from './types.ts';

/** Other names of an architecture, with the variant that they imply (containerd/platforms v1.0, database.go). */
const ARCHITECTURES: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['i386', ['386']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

/** The variant that is meant when none is written, so that `linux/arm64/v8` is `linux/arm64` and `linux/arm` is `linux/arm/v7`. */
const SILENT_VARIANT: ReadonlyMap<string, string> = new Map([
  ['amd64', 'v1'],
  ['arm64', 'v8'],
]);
const SPOKEN_VARIANT: ReadonlyMap<string, string> = new Map([['arm', 'v7']]);
/** The version that a processor with variants begins with. */
const LOWEST_VERSION: ReadonlyMap<string, number> = new Map([
  ['amd64', 1],
  ['arm', 5],
  ['arm64', 8],
]);

const WORD = /^[A-Za-z0-9_.-]{1,64}$/;

/** Lower case, Go's architecture names, no variant where it is the default one (arm keeps its own). */
export function normalisePlatform(platform: Platform): Platform {
  const written = platform.architecture.toLowerCase();
  const alias = ARCHITECTURES.get(written);
  const architecture = alias?.[0] ?? written;
  const os = platform.os.toLowerCase();
  const variant = variantOf(architecture, platform.variant ?? alias?.[1]);
  const { architecture: _architecture, os: _os, variant: _variant, ...rest } = platform;
  return { ...rest, os: os === 'macos' ? 'darwin' : os, architecture, ...(variant === undefined ? {} : { variant }) };
}

function variantOf(architecture: string, written: string | undefined): string | undefined {
  const lower = written?.toLowerCase() ?? '';
  const variant = /^\d/.test(lower) ? `v${lower}` : lower;
  if (variant === '') return SPOKEN_VARIANT.get(architecture);
  return variant === SILENT_VARIANT.get(architecture) ? undefined : variant;
}

/** `OS/ARCHITECTURE[/VARIANT]`, or an architecture alone (of linux), normalised. @throws TareError E_PLATFORM */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  const [os, architecture, variant] = parts.length === 1 ? ['linux', text] : parts;
  const words = [os, architecture, ...(variant === undefined ? [] : [variant])];
  if (parts.length > 3 || !words.every((word) => word !== undefined && WORD.test(word))) {
    throw new TareError('E_PLATFORM', `${JSON.stringify(text.slice(0, 100))} is not a platform`, {
      hint: 'write OS/ARCHITECTURE[/VARIANT], for example linux/amd64 or linux/arm/v7',
    });
  }
  return normalisePlatform({
    os: os ?? '',
    architecture: architecture ?? '',
    ...(variant === undefined ? {} : { variant }),
  });
}

/** `linux/arm/v7`: as parsePlatform reads it. */
export function platformText(platform: Platform): string {
  const { os, architecture, variant } = normalisePlatform(platform);
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** Whether both name the same operating system, architecture and variant; versions and features of the system are left aside. */
export function samePlatform(a: Platform, b: Platform): boolean {
  return platformText(a) === platformText(b);
}

/**
 * The manifest (or nested index) of an index that suits a platform: the same variant, else the highest lower one that the processor also runs;
 * of several equal ones the first. An index with a single manifest that does not say its platform gives that one: its config decides.
 * @throws TareError E_PLATFORM, which lists what is offered
 */
export function selectPlatform(index: ImageIndex, platform: Platform): Descriptor {
  const images = index.manifests.filter((item) => !isAttestation(item));
  const only = images[0];
  if (images.length === 1 && only !== undefined && only.platform === undefined) return only;
  for (const wanted of runnable(platform)) {
    const found = images.find((item) => item.platform !== undefined && samePlatform(item.platform, wanted));
    if (found !== undefined) return found;
  }
  const offered = [
    ...new Set(images.flatMap((item) => (item.platform === undefined ? [] : [platformText(item.platform)]))),
  ];
  throw new TareError(
    'E_PLATFORM',
    `the image does not offer ${platformText(platform)}, only ${offered.length === 0 ? 'manifests that name no platform' : offered.sort().join(', ')}`,
  );
}

/** BuildKit keeps its attestations beside the images, as manifests of a platform that does not exist. */
export function isAttestation(item: Descriptor): boolean {
  return (
    item.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' ||
    (item.platform?.os === 'unknown' && item.platform.architecture === 'unknown')
  );
}

/** The platform itself, then what its processor runs as well: every lower variant (containerd/platforms v1.0, compare.go, `platformVector`). */
function runnable(platform: Platform): Platform[] {
  const own = normalisePlatform(platform);
  const version = /^v(\d)$/.exec(own.variant ?? SILENT_VARIANT.get(own.architecture) ?? '')?.[1];
  const floor = LOWEST_VERSION.get(own.architecture);
  if (version === undefined || floor === undefined) return [own];
  const vector = [own];
  for (let lower = Number(version) - 1; lower >= floor; lower--)
    vector.push(normalisePlatform({ ...own, variant: `v${lower}` }));
  return vector;
}
