import { TareError } from '../base/error.ts';
import { placeText, type Place } from '../base/place.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** `40MB` (10^6), `40MiB` (2^20), `1.5 GB` or a plain count of bytes → bytes. @throws TareError `code` */
export function parseSize(
  value: string | number,
  where: Place | string,
  code: 'E_CONFIG' | 'E_USAGE' = 'E_CONFIG',
): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(value).trim());
  const unit = UNITS[(match?.[2] ?? '?').toLowerCase()];
  if (match === null || unit === undefined) {
    throw new TareError(code, `${placeText(where)}: ${JSON.stringify(value)} is not a size`, {
      hint: 'write it as 40MB, 40MiB or a count of bytes',
    });
  }
  return Math.round(Number(match[1]) * unit);
}
