import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));
const size = z.union([text, z.int().check(z.gte(0))]);
const amount = z.union([text, z.number().check(z.gte(0))]);
const count = z.int().check(z.gte(0));
const forbidding = z.union([z.boolean(), z.strictObject({ allow: z.optional(z.array(text)) })]);

const growthSchema = z.strictObject({ disk: z.optional(amount), wire: z.optional(amount) });
const packagesSchema = z.strictObject({ forbid: z.optional(z.array(text)), require: z.optional(z.array(text)) });
const labelsSchema = z.strictObject({ require: z.optional(z.array(text)) });

/** What stands below `check` in tare.yaml. */
export const checkSchema = z.strictObject({
  base: z.optional(text),
  disk: z.optional(size),
  wire: z.optional(size),
  layers: z.optional(count),
  files: z.optional(count),
  efficiency: z.optional(amount),
  wasted: z.optional(amount),
  growth: z.optional(z.union([amount, growthSchema])),
  user: z.optional(z.union([text, count])),
  'no-setuid': z.optional(forbidding),
  'no-secrets': z.optional(forbidding),
  'no-shell': z.optional(forbidding),
  'max-age': z.optional(amount),
  packages: z.optional(packagesSchema),
  labels: z.optional(labelsSchema),
  tests: z.optional(z.array(text)),
});

export type RawCheck = z.infer<typeof checkSchema>;

const BELOW: Readonly<Record<string, readonly string[]>> = {
  growth: Object.keys(growthSchema.shape),
  packages: Object.keys(packagesSchema.shape),
  labels: Object.keys(labelsSchema.shape),
  'no-setuid': ['allow'],
  'no-secrets': ['allow'],
  'no-shell': ['allow'],
};

/** The keys that are known below `check`. */
export function knownCheckKeys([, key]: readonly PropertyKey[]): readonly string[] {
  return key === undefined ? Object.keys(checkSchema.shape) : (BELOW[String(key)] ?? []);
}

const FORBIDDING = 'true, false, or {allow: [globs of paths]}';

/** What is expected at each key below `check`, in words. */
export const EXPECTED_OF_CHECK: Readonly<Record<keyof RawCheck, string>> = {
  base: 'an image',
  disk: 'a size such as 110MB',
  wire: 'a size such as 40MB',
  layers: 'a whole number',
  files: 'a whole number',
  efficiency: 'a share such as 0.95',
  wasted: 'a size such as 5MB, or a percentage of the disk size',
  growth: 'a size such as +5MB, a percentage such as +3%, or a map of disk and wire to such',
  user: 'non-root, a name or a number',
  'no-setuid': FORBIDDING,
  'no-secrets': FORBIDDING,
  'no-shell': FORBIDDING,
  'max-age': 'an age such as 90d',
  packages: 'a map of forbid and require to lists of packages',
  labels: 'a map of require to a list of labels',
  tests: 'a list of files',
};
