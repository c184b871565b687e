/** What JSON can say; members that are undefined are left out. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** in-toto attestation spec v1, digest_set.md: algorithm → lower-case hex. */
export type DigestSet = Readonly<Record<string, string>>;

/** in-toto attestation spec v1, resource_descriptor.md; one of `uri` and `digest` is there. */
export interface Resource {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: DigestSet;
}

/** The ways in which tare makes an image; docs/provenance.md says what each one's parameters are. */
export const BUILD_TYPES = {
  folder: 'https://tare.dev/provenance/folder/v1',
  dockerfile: 'https://tare.dev/provenance/dockerfile/v1',
  shrink: 'https://tare.dev/provenance/shrink/v1',
} as const;

/** Whoever runs tare on a machine of their own: nobody else vouches for it. */
export const LOCAL_BUILDER = 'https://tare.dev/provenance/builder/local';

/** What a build tells of itself: the same for the same input, wherever and whenever it ran. */
export interface BuildFacts {
  readonly type: keyof typeof BUILD_TYPES;
  /** What the user asked for, as far as it shapes the image. */
  readonly parameters: Readonly<Record<string, Json | undefined>>;
  /** What was read. */
  readonly dependencies: readonly Resource[];
  /** What was made besides the image. */
  readonly byproducts?: readonly Resource[];
}
