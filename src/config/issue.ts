import type * as z from 'zod/mini';
import { TareError } from '../base/error.ts';
import { kindOf, type Place } from '../base/place.ts';
import { suggestion } from '../base/suggestion.ts';
import { CHOICES, expectedAt, knownKeys } from './schema.ts';

type Issue = z.core.$ZodIssue;

/** Values below these keys may be secrets. */
const SECRET_KEYS: readonly PropertyKey[] = ['env', 'labels'];
const MAX_SHOWN = 60;

/** What is wrong with a tare.yaml, in one sentence. */
export function issueError(issue: Issue, value: unknown, place: Place): TareError {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = knownKeys(path);
    return new TareError(
      'E_CONFIG',
      `${place
        .at(...path)
        .ofKey(key)
        .text()}: unknown key ${JSON.stringify(key)}${suggestion(key, known)}`,
      { hint: `known keys: ${known.join(', ')}; docs/config.md says what they mean` },
    );
  }
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    const why = messageOf(issue.issues[0]) ?? 'not a valid name';
    return new TareError(
      'E_CONFIG',
      `${place
        .at(...path.slice(0, -1))
        .ofKey(key)
        .text()}: ${JSON.stringify(key)} is ${why}`,
    );
  }
  const own = messageOf(issue) ?? messageOf(issue.code === 'invalid_union' ? issue.errors.flat()[0] : undefined);
  const found = path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[step] : undefined),
    value,
  );
  const guess = typeof found === 'string' ? suggestion(found, CHOICES[String(path[0])] ?? []) : '';
  const problem = own ?? `expected ${expectedAt(path)}, got ${shown(found, path)}${guess}`;
  return new TareError('E_CONFIG', `${place.at(...path).text()}: ${problem}`);
}

/** What the schema says itself; without a language zod says the same of everything. */
function messageOf(issue: { readonly message?: string } | undefined): string | undefined {
  return issue?.message === undefined || issue.message === 'Invalid input' ? undefined : issue.message;
}

function shown(value: unknown, path: readonly (string | number)[]): string {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (!isPlain || (path[0] !== undefined && SECRET_KEYS.includes(path[0]))) return kindOf(value);
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}
