import { constants } from 'node:os';
import * as z from 'zod/mini';

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
  tightness: z.optional(z.enum(['used', 'reachable', 'packages'])),
  include: z.optional(z.array(text)),
  exclude: z.optional(z.array(text)),
  strip: z.optional(z.boolean()),
  timezone: z.optional(text),
  compression: z.optional(text),
  probes: z.optional(z.array(z.record(z.string(), z.unknown()))),
  timeout: z.optional(z.number().check(z.gt(0))),
  budget: z.optional(
    z.strictObject({ wire: z.optional(z.union([text, z.int()])), disk: z.optional(z.union([text, z.int()])) }),
  ),
  lint: z.optional(
    z.strictObject({
      ruleset: z.optional(z.union([text, z.number()])),
      rules: z.optional(z.record(z.string(), z.enum(['off', 'info', 'warning', 'error']))),
    }),
  ),
});

export type RawConfig = z.infer<typeof configSchema>;
