import { constants } from 'node:os';
import * as z from 'zod/mini';
import { checkSchema, EXPECTED_OF_CHECK, knownCheckKeys } from './check-schema.ts';

const text = z.string().check(z.minLength(1));
const argv = z.union([z.array(text).check(z.minLength(1)), text]);
/** What a process can be given: no `=` in a name, no NUL anywhere. */
const variable = z.string().check(z.regex(/^[^=\0]+$/, 'not a name of an environment variable'));
const value = z.string().check(z.regex(/^[^\0]*$/, 'holds a NUL byte'));
const STOP_SIGNAL = new RegExp(
  `^(?:(?:SIG)?(?:${Object.keys(constants.signals)
    .map((name) => name.slice('SIG'.length))
    .join('|')}|RTM(?:IN|AX)(?:[+-]\\d+)?)|[1-9]\\d?)$`,
);
const port = z.int().check(z.gte(1), z.lte(65535));

const budgetSchema = z.strictObject({
  wire: z.optional(z.union([text, z.int()])),
  disk: z.optional(z.union([text, z.int()])),
});
const lintSchema = z.strictObject({
  ruleset: z.optional(z.union([text, z.number()])),
  rules: z.optional(z.record(z.string(), z.enum(['off', 'info', 'warning', 'error']))),
});
const TIGHTNESS = ['used', 'reachable', 'packages'] as const;

/** What tare.yaml may hold. Every key is optional; unknown keys are refused, because a misspelt key would be ignored in silence. */
export const configSchema = z.strictObject({
  name: z.optional(text),
  from: z.optional(text),
  platform: z.optional(text),
  entry: z.optional(text),
  entrypoint: z.optional(argv),
  cmd: z.optional(argv),
  env: z.optional(z.record(variable, z.union([value, z.number(), z.boolean()]))),
  user: z.optional(z.union([text, z.int().check(z.gte(0))])),
  workdir: z.optional(text),
  expose: z.optional(z.array(z.union([port, text]))),
  stopSignal: z.optional(text.check(z.regex(STOP_SIGNAL, 'expected a signal such as SIGTERM, or its number'))),
  labels: z.optional(z.record(z.string(), z.string())),
  tightness: z.optional(z.enum(TIGHTNESS)),
  include: z.optional(z.array(text)),
  exclude: z.optional(z.array(text)),
  strip: z.optional(z.boolean()),
  timezone: z.optional(text),
  compression: z.optional(text),
  probes: z.optional(z.array(z.record(z.string(), z.unknown()))),
  timeout: z.optional(z.number().check(z.gt(0))),
  budget: z.optional(budgetSchema),
  lint: z.optional(lintSchema),
  check: z.optional(checkSchema),
});

export type RawConfig = z.infer<typeof configSchema>;

/** The keys that are known there, for a misspelt one. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const [first] = path;
  if (first === undefined) return Object.keys(configSchema.shape);
  if (first === 'check') return knownCheckKeys(path);
  return Object.keys(first === 'budget' ? budgetSchema.shape : lintSchema.shape);
}

/** What is expected at each key, in words. */
const EXPECTED: Readonly<Record<keyof RawConfig, string>> = {
  name: 'a text',
  from: 'the text "host", or an image',
  platform: 'a text such as linux/amd64',
  entry: 'the path of a file',
  entrypoint: 'a list of words, or a command line',
  cmd: 'a list of words, or a command line',
  env: 'a map of names to texts',
  user: 'a name or a number such as 65532',
  workdir: 'a path',
  expose: 'a list of ports such as 8080 or 53/udp',
  stopSignal: 'a signal such as SIGTERM, or its number',
  labels: 'a map of names to texts',
  tightness: TIGHTNESS.join(', ').replace(/, (\w+)$/, ' or $1'),
  include: 'a list of globs',
  exclude: 'a list of globs',
  strip: 'true or false',
  timezone: 'a text such as Europe/Paris',
  compression: 'a text such as gzip:6',
  probes: 'a list of probes, each a map',
  timeout: 'a number of seconds above 0',
  budget: 'a map of wire and disk to sizes such as 40MB',
  lint: 'a map of ruleset and rules; a rule is off, info, warning or error',
  check: 'a map of rules',
};

/** The same for a path of keys. */
export function expectedAt([first, second]: readonly PropertyKey[]): string {
  if (first === undefined) return 'a map of settings';
  if (first === 'check' && second !== undefined)
    return EXPECTED_OF_CHECK[second as keyof typeof EXPECTED_OF_CHECK] ?? 'something else';
  return EXPECTED[first as keyof typeof EXPECTED] ?? 'something else';
}

/** Where a misspelt value can be guessed. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = { tightness: TIGHTNESS };
