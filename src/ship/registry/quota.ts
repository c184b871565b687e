import { RegistryError } from './errors.ts';
import type { Room } from './http/body.ts';
import type { Limits } from './service.ts';
import { usageOf } from './storage/collect.ts';
import type { RegistryStorage } from './storage/storage.ts';

/** Another process may have deleted blobs meanwhile. */
const COUNT_AGAIN_MS = 10_000;

export interface Usage {
  readonly blobs: number;
  readonly bytes: number;
}

/** What is stored, and how much more may be. */
export interface Quota {
  /** Not older than ten seconds. */
  usage(): Promise<Usage>;
  /** How many bytes more may come, when so many are in open uploads already. @throws RegistryError DENIED when there is no room */
  room(uploading: number): Promise<Room>;
  /** @throws RegistryError DENIED when the repository is new, and one too many */
  checkRepository(name: string): Promise<void>;
  add(bytes: number): void;
}

export function createQuota(storage: RegistryStorage, limits: Limits): Quota {
  let counted: { readonly at: number; readonly usage: Promise<Usage> } | undefined;
  let added = 0;
  const usage = async (): Promise<Usage> => {
    if (counted === undefined || Date.now() - counted.at > COUNT_AGAIN_MS) {
      counted = { at: Date.now(), usage: usageOf(storage) };
      added = 0;
    }
    return counted.usage;
  };
  return {
    usage,
    room: async (uploading) => {
      if (limits.maxBytes === Infinity) return { bytes: Infinity };
      const bytes = limits.maxBytes - (await usage()).bytes - added - uploading;
      const refusal = new RegistryError('DENIED', `the registry may hold ${limits.maxBytes} bytes, and is full`, {
        status: 403,
      });
      if (bytes < 0) throw refusal;
      return { bytes, refusal };
    },
    checkRepository: async (name) => {
      if (limits.maxRepositories === Infinity) return;
      const names = await storage.repositories();
      if (names.length < limits.maxRepositories || names.includes(name)) return;
      throw new RegistryError('DENIED', `the registry may hold ${limits.maxRepositories} repositories, and has them`, {
        status: 403,
      });
    },
    add: (bytes) => {
      added += bytes;
    },
  };
}
