import { checkKeys } from './check-keys.ts';
import { asMap, childOf, composeError, type Node } from './node.ts';
import type { Problems } from './problems.ts';
import { durationOf, textOf, wholeOf } from './scalars.ts';
import type { Healthcheck } from './types.ts';
import { flagOf } from './volumes.ts';

const MAX_RETRIES = 1_000_000;
const SHELL = ['/bin/sh', '-c'];

const TIMES = {
  interval: 'intervalMs',
  timeout: 'timeoutMs',
  start_period: 'startPeriodMs',
  start_interval: 'startIntervalMs',
} as const;

/** `healthcheck:` of a service. */
export function readHealthcheck(node: Node, problems: Problems): Healthcheck {
  const map = asMap(node);
  checkKeys(map, 'healthcheck', problems);
  const test = childOf(map, 'test');
  const retries = childOf(map, 'retries');
  const argv = test === undefined ? undefined : argvOf(test);
  const times = Object.entries(TIMES).flatMap(([key, name]) => {
    const value = childOf(map, key);
    const ms = value === undefined ? undefined : problems.attempt(() => durationOf(value));
    return ms === undefined ? [] : [[name, ms] as const];
  });
  return {
    disabled: argv === 'none' || flagOf(map, 'disable', false),
    ...(argv === undefined || argv === 'none' ? {} : { argv }),
    ...Object.fromEntries(times),
    ...(retries === undefined ? {} : { retries: wholeOf(retries, { min: 0, max: MAX_RETRIES }) }),
  };
}

function argvOf(test: Node): readonly string[] | 'none' {
  if (test.kind !== 'list') return [...SHELL, textOf(test)];
  const [kind, ...words] = test.items.map(textOf);
  if (kind === 'NONE') return 'none';
  if (kind === 'CMD' && words.length > 0) return words;
  if (kind === 'CMD-SHELL' && words.length === 1) return [...SHELL, ...words];
  throw composeError(test.spot, 'a test is a text, or a list that begins with CMD, CMD-SHELL or NONE', {
    hint: 'for example ["CMD", "wget", "-q", "-O-", "http://localhost/"]',
  });
}
