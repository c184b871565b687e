import type { ProbeKind } from './types.ts';

export const tcpProbe: ProbeKind<{ readonly tcp: { readonly port: number } }> = {
  name: ({ tcp }) => `tcp ${tcp.port}`,
  async attempt({ tcp }, { running }) {
    // Asked inside: from outside, the relay accepts before the container does.
    return (await running.connects(tcp.port))
      ? { ok: true }
      : { ok: false, detail: `port ${tcp.port} does not accept connections` };
  },
};
