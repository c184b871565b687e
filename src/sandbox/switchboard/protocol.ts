/** Who is called what in the networks of a system. Addresses of IPv4 as texts. */
export interface Names {
  /** Network → name (lower case) → addresses. */
  readonly networks: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Address of a container → the networks that it is in: it learns the names of these. */
  readonly members: Readonly<Record<string, readonly string[]>>;
}

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** What the switchboard is asked to do. A listening socket of this machine comes along with `publish`. */
export type SwitchboardQuestion =
  /** Makes a bridge with that address (`10.89.0.1/24`), and answers questions for names there. */
  | { readonly kind: 'bridge'; readonly bridge: string; readonly address: string; readonly bits: number }
  /** Plugs a link into a bridge. */
  | { readonly kind: 'plug'; readonly bridge: string; readonly link: string }
  /** From now on who asks from this address learns the names of these networks, whether others know it or not. */
  | { readonly kind: 'member'; readonly address: string; readonly networks: readonly string[] }
  | { readonly kind: 'names'; readonly names: Names }
  /** Connections go to the targets in turn; those that accept none are passed over. `key` tells one socket from another. */
  | { readonly kind: 'publish'; readonly key: string }
  | { readonly kind: 'targets'; readonly key: string; readonly targets: readonly Target[] }
  | { readonly kind: 'close'; readonly key: string }
  /** Whether a connection is accepted there now. */
  | { readonly kind: 'connect'; readonly target: Target };

export type Numbered = SwitchboardQuestion & { readonly id: number };

export interface SwitchboardAnswer {
  readonly id: number;
  readonly ok: boolean;
  /** Why not. */
  readonly why?: string;
}
