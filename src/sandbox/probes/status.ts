import type { HttpProbe, StatusPattern } from '../types.ts';

export const FIRST_BAD_STATUS = 400;
/** Whatever a server answers. */
export const ANY_STATUS: readonly StatusPattern[] = ['1XX', '2XX', '3XX', '4XX', '5XX'];

/** Whether this is the status that the probe wants. */
export function suitsStatus(wanted: HttpProbe['status'], status: number): boolean {
  if (wanted === undefined) return status < FIRST_BAD_STATUS;
  if (typeof wanted === 'number') return status === wanted;
  return wanted.some((pattern) =>
    typeof pattern === 'number' ? status === pattern : Math.floor(status / 100) === Number(pattern[0]),
  );
}

/** For messages: `200`, `one of 200, 4XX`, `below 400`. */
export function wantedStatus(wanted: HttpProbe['status']): string {
  if (wanted === undefined) return `below ${FIRST_BAD_STATUS}`;
  if (typeof wanted === 'number') return String(wanted);
  return wanted.length === 1 ? String(wanted[0]) : `one of ${wanted.join(', ')}`;
}
