import * as z from 'zod/mini';
import { TareError } from '../../../base/error.ts';
import { kindOf, type Place } from '../../../base/place.ts';
import { goRegexp } from '../../../formats/go-regexp/index.ts';
import type { RuleSource } from '../types.ts';
import { structureSchema, type RawMetadata, type RawStructureTests } from './schema.ts';
import type { MetadataTest, Pattern, StructureTests, Wanted } from './types.ts';

const VERSION = '2.0.0';
/** Of a file of a stranger: each may start a container. */
const MAX_TESTS = 10_000;

export interface ParseOptions {
  readonly file: string;
  readonly value: object;
  readonly place: Place;
  readonly sourceOf: (...path: readonly (string | number)[]) => RuleSource;
}

/** A file of container-structure-test. What it could not mean here is an error, not less of a test. @throws TareError E_CHECK naming line and key */
export function parseStructureTests({ file, place, sourceOf, value }: ParseOptions): StructureTests {
  const { schemaVersion } = value as { readonly schemaVersion: unknown };
  if (String(schemaVersion) !== VERSION)
    throw problem(place.at('schemaVersion'), `${JSON.stringify(schemaVersion)} is not known; it is "${VERSION}"`);
  const parsed = z.safeParse(structureSchema, value);
  if (!parsed.success) throw issueProblem(parsed.error.issues[0], value, place);
  const raw = parsed.data;
  const patterns = (list: readonly string[] | null | undefined, ...path: readonly (string | number)[]): Pattern[] =>
    (list ?? []).map((text, index) => pattern(text, place.at(...path, index)));
  const tests: StructureTests = {
    file,
    env: raw.globalEnvVars ?? [],
    ...runOptions(raw.containerRunOptions ?? {}, place.at('containerRunOptions')),
    commands: (raw.commandTests ?? []).map((test, at) => ({
      name: test.name,
      source: sourceOf('commandTests', at),
      setup: test.setup ?? [],
      env: test.envVars ?? [],
      argv: [test.command, ...(test.args ?? [])],
      exitCode: test.exitCode ?? 0,
      expectedOutput: patterns(test.expectedOutput, 'commandTests', at, 'expectedOutput'),
      excludedOutput: patterns(test.excludedOutput, 'commandTests', at, 'excludedOutput'),
      expectedError: patterns(test.expectedError, 'commandTests', at, 'expectedError'),
      excludedError: patterns(test.excludedError, 'commandTests', at, 'excludedError'),
    })),
    existence: (raw.fileExistenceTests ?? []).map((test, at) => ({
      name: test.name,
      source: sourceOf('fileExistenceTests', at),
      path: test.path,
      shouldExist: test.shouldExist ?? true,
      ...(test.permissions === undefined || test.permissions === '' ? {} : { permissions: test.permissions }),
      // -1 is how container-structure-test says that it does not matter.
      ...(test.uid === undefined || test.uid === -1 ? {} : { uid: test.uid }),
      ...(test.gid === undefined || test.gid === -1 ? {} : { gid: test.gid }),
      ...(test.isExecutableBy === undefined || test.isExecutableBy === ''
        ? {}
        : { isExecutableBy: test.isExecutableBy }),
    })),
    contents: (raw.fileContentTests ?? []).map((test, at) => ({
      name: test.name,
      source: sourceOf('fileContentTests', at),
      path: test.path,
      expected: patterns(test.expectedContents, 'fileContentTests', at, 'expectedContents'),
      excluded: patterns(test.excludedContents, 'fileContentTests', at, 'excludedContents'),
    })),
    ...(isMissing(raw.metadataTest)
      ? {}
      : { metadata: metadataOf(raw.metadataTest, place.at('metadataTest'), sourceOf('metadataTest')) }),
    licences: (raw.licenseTests ?? []).map((_, at) => sourceOf('licenseTests', at)),
  };
  if (tests.commands.length + tests.existence.length + tests.contents.length > MAX_TESTS)
    throw problem(place, `more than ${MAX_TESTS} tests`);
  return tests;
}

function isMissing(value: RawStructureTests['metadataTest']): value is null | undefined {
  return value === undefined || value === null;
}

function metadataOf(raw: RawMetadata, place: Place, source: RuleSource): MetadataTest {
  const wanted = (key: 'env' | 'envVars' | 'labels'): readonly Wanted[] =>
    (raw[key] ?? []).map(({ isRegex, key: name, value = '' }, at) => ({
      key: name,
      value: isRegex === true ? pattern(value, place.at(key, at, 'value')) : value,
    }));
  return {
    source,
    env: [...wanted('env'), ...wanted('envVars')],
    unboundEnv: (raw.unboundEnvVars ?? []).map(({ key }) => key),
    labels: wanted('labels'),
    ...(raw.entrypoint === undefined || raw.entrypoint === null ? {} : { entrypoint: raw.entrypoint }),
    ...(raw.cmd === undefined || raw.cmd === null ? {} : { cmd: raw.cmd }),
    exposedPorts: raw.exposedPorts ?? [],
    unexposedPorts: raw.unexposedPorts ?? [],
    volumes: raw.volumes ?? [],
    unmountedVolumes: raw.unmountedVolumes ?? [],
    ...(raw.workdir === undefined || raw.workdir === '' ? {} : { workdir: raw.workdir }),
    ...(raw.user === undefined || raw.user === '' ? {} : { user: raw.user }),
  };
}

/** What would give commands more than the sandbox has, or something else, is refused: a test that runs otherwise says something else. */
function runOptions(raw: Readonly<Record<string, unknown>>, place: Place): Pick<StructureTests, 'user' | 'hostEnv'> {
  const isNothing = (value: unknown): boolean =>
    value === undefined ||
    value === null ||
    value === false ||
    value === '' ||
    (Array.isArray(value) && value.length === 0);
  for (const [key, value] of Object.entries(raw)) {
    if (key === 'user' || key === 'envVars' || isNothing(value)) continue;
    throw problem(place.ofKey(key), `${key} is not supported: commands run in a sandbox without more rights or mounts`);
  }
  const { envVars, user } = raw;
  if (!isNothing(user) && typeof user !== 'string' && typeof user !== 'number')
    throw problem(place.at('user'), `expected a user, got ${kindOf(user)}`);
  if (!isNothing(envVars) && !(Array.isArray(envVars) && envVars.every((name) => typeof name === 'string')))
    throw problem(place.at('envVars'), `expected a list of names, got ${kindOf(envVars)}`);
  return {
    ...(isNothing(user) ? {} : { user: String(user) }),
    hostEnv: isNothing(envVars) ? [] : (envVars as readonly string[]),
  };
}

function pattern(text: string, place: Place): Pattern {
  const made = goRegexp(text);
  if ('problem' in made)
    throw problem(place, `${JSON.stringify(text)} is no regular expression as Go has them: ${made.problem}`);
  return { ...made, text };
}

function problem(place: Place, why: string): TareError {
  return new TareError('E_CHECK', `${place.text()}: ${why}`);
}

function issueProblem(issue: z.core.$ZodIssue | undefined, value: unknown, place: Place): TareError {
  if (issue === undefined) return problem(place, 'not valid');
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const at = place.at(...path);
  if (issue.code === 'unrecognized_keys')
    return problem(at.ofKey(issue.keys[0] ?? ''), `unknown key ${JSON.stringify(issue.keys[0])}`);
  const found = path.reduce<unknown>(
    (inner, step) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[step] : undefined,
    value,
  );
  const expected = issue.code === 'invalid_type' ? (NAMES[issue.expected] ?? 'something else') : 'another value';
  return problem(at, `expected ${issue.code === 'invalid_union' ? 'a text' : expected}, got ${kindOf(found)}`);
}

const NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a map',
  record: 'a map',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};
