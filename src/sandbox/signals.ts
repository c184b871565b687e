import { constants } from 'node:os';
import { TareError } from '../base/error.ts';

/** First real-time signal as programs count them: glibc and musl keep 32 and 33 for themselves. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/**
 * The number of a signal as image configs write it: `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`.
 * @throws TareError E_USAGE
 */
export function signalNumber(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= SIGRTMAX) return Number(text);
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  const realTime = /^SIGRT(MIN\+|MAX-)(\d{1,2})$/.exec(name);
  if (realTime !== null) {
    const offset = Number(realTime[2]);
    const number = realTime[1] === 'MIN+' ? SIGRTMIN + offset : SIGRTMAX - offset;
    if (number >= SIGRTMIN && number <= SIGRTMAX) return number;
  }
  const number = Object.entries(constants.signals).find(([known]) => known === name)?.[1];
  if (number === undefined)
    throw new TareError('E_USAGE', `${JSON.stringify(text)} is not a signal`, { hint: 'write SIGTERM, TERM or 15' });
  return number;
}

/** How a runtime tells that its container was killed: 128 + signal. A program may also exit with such a number itself. */
export function exitOf(code: number): { readonly code: number; readonly signal?: string } {
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? { code } : { code, signal };
}
