import type { IncomingMessage } from 'node:http';

export type Action = 'pull' | 'push' | 'delete';

/** What a request wants to do. */
export type Wanted =
  | { readonly kind: 'repository'; readonly name: string; readonly action: Action }
  | { readonly kind: 'catalog' }
  /** Only who it is: `GET /v2/`, metrics. */
  | { readonly kind: 'login' };

export interface Principal {
  /** For the access log; a name, never a secret. */
  readonly name?: string;
  /** Whether one more repository may be read: a blob is mounted from there. */
  mayPull(repository: string): boolean;
}

/** Who may do what. */
export interface Access {
  /** @throws RegistryError UNAUTHORIZED with a challenge, DENIED */
  check(req: IncomingMessage, wanted: Wanted): Promise<Principal>;
}
