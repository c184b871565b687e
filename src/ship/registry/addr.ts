import { TareError } from '../../base/error.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:5000`, `[::1]:5000`, `:5000` (every address of the machine). @throws TareError E_USAGE */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new TareError('E_USAGE', `${JSON.stringify(text.slice(0, 100))} is not an address to listen on`, {
      hint: 'write HOST:PORT, as in 127.0.0.1:5000 or [::1]:5000',
    });
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '::' : host, port };
}

/** Whether other machines cannot reach it. Of names only `localhost` is known without asking. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
