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
  /** How many bytes more may come, beside those in open uploads. @throws RegistryError DENIED when there is no room */
  room(uploads: { readonly bytes: number }): Promise<Room>;
  /** @throws RegistryError DENIED when the repository is new, and one too many */
  checkRepository(name: string): Promise<void>;
  add(bytes: number): void;
}

export function createQuota(storage: RegistryStorage, limits: Limits): Quota {
  let counted: { readonly at: number; readonly usage: Promise<Usage> } | undefined;
  /** In bytes: at the last count, without what had been added until then; and all that was ever added. */
  let stored = 0;
  let added = 0;
  const usage = async (): Promise<Usage> => {
    if (counted === undefined || Date.now() - counted.at > COUNT_AGAIN_MS) {
      const before = added;
      const counting = usageOf(storage).then((found) => {
        // What came meanwhile is perhaps counted twice, until the next time; never not at all.
        stored = found.bytes - before;
        return found;
      });
      counted = { at: Date.now(), usage: counting };
    }
    return counted.usage;
  };
  return {
    usage,
    room: async (uploads) => {
      if (limits.maxBytes === Infinity) return { bytes: Infinity };
      await usage();
      const left = (): number => limits.maxBytes - stored - added - uploads.bytes;
      const bytes = left();
      const refusal = new RegistryError('DENIED', `the registry may hold ${limits.maxBytes} bytes, and is full`, {
        status: 403,
      });
      if (bytes < 0) throw refusal;
      return { bytes, refusal, shared: { left, refusal } };
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
