import * as z from 'zod/mini';

/** Unquoted numbers and booleans are texts to Go's YAML, where a text is wanted. */
const text = z.pipe(z.union([z.string(), z.number(), z.boolean()]), z.transform(String));
const texts = z.optional(z.nullable(z.array(text)));
const commands = z.optional(z.nullable(z.array(z.array(text).check(z.minLength(1)))));
const pairs = z.optional(z.nullable(z.array(z.strictObject({ key: text, value: text }))));
const wanted = z.optional(
  z.nullable(z.array(z.strictObject({ key: text, value: z.optional(text), isRegex: z.optional(z.boolean()) }))),
);
const keys = z.optional(
  z.nullable(z.array(z.strictObject({ key: text, value: z.optional(text), isRegex: z.optional(z.boolean()) }))),
);
const name = text.check(z.minLength(1));
const id = z.int().check(z.gte(-1));

export const structureSchema = z.strictObject({
  schemaVersion: text,
  globalEnvVars: pairs,
  commandTests: z.optional(
    z.nullable(
      z.array(
        z.strictObject({
          name,
          setup: commands,
          teardown: commands,
          envVars: pairs,
          exitCode: z.optional(z.int()),
          command: name,
          args: texts,
          expectedOutput: texts,
          excludedOutput: texts,
          expectedError: texts,
          excludedError: texts,
        }),
      ),
    ),
  ),
  fileExistenceTests: z.optional(
    z.nullable(
      z.array(
        z.strictObject({
          name,
          path: name,
          shouldExist: z.optional(z.boolean()),
          permissions: z.optional(text),
          uid: z.optional(id),
          gid: z.optional(id),
          isExecutableBy: z.optional(z.enum(['owner', 'group', 'other', 'any', ''])),
        }),
      ),
    ),
  ),
  fileContentTests: z.optional(
    z.nullable(z.array(z.strictObject({ name, path: name, expectedContents: texts, excludedContents: texts }))),
  ),
  metadataTest: z.optional(
    z.nullable(
      z.strictObject({
        env: wanted,
        envVars: wanted,
        unboundEnvVars: keys,
        labels: wanted,
        entrypoint: texts,
        cmd: texts,
        exposedPorts: texts,
        unexposedPorts: texts,
        volumes: texts,
        unmountedVolumes: texts,
        workdir: z.optional(text),
        user: z.optional(text),
      }),
    ),
  ),
  licenseTests: z.optional(z.nullable(z.array(z.unknown()))),
  containerRunOptions: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
});

export type RawStructureTests = z.infer<typeof structureSchema>;
export type RawMetadata = NonNullable<RawStructureTests['metadataTest']>;
