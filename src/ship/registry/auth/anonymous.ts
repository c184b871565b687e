import type { Access, Principal } from './types.ts';

export const EVERYBODY: Principal = { mayPull: () => true };

/** Who can reach the server may do everything. */
export const OPEN_ACCESS: Access = { check: async () => EVERYBODY };
