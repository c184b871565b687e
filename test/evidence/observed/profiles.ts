import * as fc from 'fast-check';
import { cleanPath, type TreePath } from '../../../src/base/path.ts';
import { ACCESSES } from '../../../src/evidence/observed/accesses.ts';
import { mergeProfiles, type Profile, type ProfilePath } from '../../../src/evidence/observed/index.ts';
import type { ObservedPath } from '../../../src/sandbox/types.ts';

/** Few names, so that profiles share paths; and raw bytes. */
const anyPath = fc
  .array(
    fc.oneof(
      fc.constantFrom('usr', 'lib', 'é', '😀', 'a b', 'x\ny'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) =>
    cleanPath(
      parts
        .map((part) =>
          Buffer.from(part, 'utf8')
            .toString('latin1')
            .replaceAll(/[/\0.]/g, '_'),
        )
        .join('/'),
    ),
  );
const rawPath = fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) =>
  cleanPath(
    `/${Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[/\0.]/g, '_')}`,
  ),
);
const paths = fc.oneof(fc.constant('/' as TreePath), anyPath, rawPath);

const anyRow: fc.Arbitrary<ProfilePath> = fc.record({
  path: paths,
  how: fc.array(fc.constantFrom(...ACCESSES), { minLength: 1, maxLength: 4 }),
  by: fc.array(paths, { maxLength: 2 }),
  phases: fc.array(fc.constantFrom('start', 'http GET 8080/', '😀', '\uffff', '\udc80', '\ud800'), { maxLength: 3 }),
});

/** In no order, with repetitions. */
export const anyProfile: fc.Arbitrary<Profile> = fc
  .record({
    platforms: fc.array(fc.constantFrom('linux/amd64', 'linux/arm64', 'linux/arm/v7'), { maxLength: 3 }),
    paths: fc.array(anyRow, { maxLength: 12 }),
    ports: fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: 3 }),
    syscalls: fc.option(fc.array(fc.constantFrom('read', 'openat2', 'accept4'), { maxLength: 3 }), { nil: undefined }),
  })
  .map(({ syscalls, ...rest }) => ({ ...rest, ...(syscalls !== undefined && { syscalls }) }));

/** Sorted, each once. */
export const orderly = (profile: Profile): Profile => mergeProfiles(profile);

export function asked(path: string, how: ObservedPath['how'], rest: Partial<ObservedPath> = {}): ObservedPath {
  return { path, how, by: [], phase: 'start', ...rest };
}

export function profileWith(
  rows: readonly (Partial<Omit<ProfilePath, 'path'>> & { readonly path: string })[],
): Profile {
  return {
    platforms: ['linux/amd64'],
    ports: [],
    paths: rows.map((row) => ({ how: ['open'], by: [], phases: ['start'], ...row, path: row.path as TreePath })),
  };
}
