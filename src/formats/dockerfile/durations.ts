/** Nanoseconds of each unit that Go's `time.ParseDuration` knows; both signs for micro. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const MAX_DURATION = (1n << 63n) - 1n;
const MAX_DURATION_CHARS = 200;

/**
 * Nanoseconds of a duration as Go's `time.ParseDuration` reads it: `1h30m`, `-1.5s`, `.5ms`, `0`. Undefined when it is none, or
 * beyond 63 bits. Whole seconds are exact; beyond 104 days, single nanoseconds are not.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)(.*)$/.exec(text);
  if (match === null || text.length > MAX_DURATION_CHARS) return undefined;
  const [, sign = '', rest = ''] = match;
  if (rest === '0') return 0;
  if (rest === '') return undefined;
  let total = 0n;
  let at = 0;
  const part = /(\d*)(?:\.(\d*))?([^\d.]+)/y;
  while (at < rest.length) {
    part.lastIndex = at;
    const [whole, integer = '', fraction = '', unit = ''] = part.exec(rest) ?? [];
    const scale = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (whole === undefined || scale === undefined || integer + fraction === '') return undefined;
    total += BigInt(integer === '' ? 0 : integer) * scale;
    total += fractionOf(fraction, scale);
    at += whole.length;
  }
  if (total > MAX_DURATION + (sign === '-' ? 1n : 0n)) return undefined;
  return Number(sign === '-' ? -total : total);
}

/** Go reckons the fraction in floating point, with as many digits as 63 bits hold. */
function fractionOf(digits: string, scale: bigint): bigint {
  let value = 0n;
  let parts = 1;
  for (const digit of digits) {
    const longer = value * 10n + BigInt(digit);
    if (value > MAX_DURATION / 10n || longer > MAX_DURATION + 1n) break;
    value = longer;
    parts *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(scale) / parts)));
}

/** A duration as Go prints it: `1h30m0s`, `1.5s`, `20ms`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  const sign = nanoseconds < 0 ? '-' : '';
  const total = BigInt(Math.trunc(Math.abs(nanoseconds)));
  if (total < 1000n) return `${sign}${total}ns`;
  if (total < 1_000_000n) return `${sign}${decimal(total, 1000n)}µs`;
  if (total < 1_000_000_000n) return `${sign}${decimal(total, 1_000_000n)}ms`;
  const seconds = 1_000_000_000n;
  const minutes = total / (60n * seconds);
  const tail = `${decimal(total % (60n * seconds), seconds)}s`;
  if (minutes === 0n) return `${sign}${tail}`;
  return `${sign}${minutes < 60n ? '' : `${minutes / 60n}h`}${minutes % 60n}m${tail}`;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = String(value % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '');
  return `${value / unit}${digits === '' ? '' : `.${digits}`}`;
}
