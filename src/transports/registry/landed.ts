import type { Digest } from '../../base/digest.ts';

/** What several writes at a time have put where: a blob that one of them brings to a registry, the others mount. */
export interface Landed {
  /**
   * Runs what brings a blob to a repository. Whoever wants the same blob in another repository of the registry meanwhile, or later, is told where it came to
   * be; when it did not, the next one brings it.
   */
  bring<T>(
    blob: { readonly registry: string; readonly repository: string; readonly digest: Digest },
    work: (mountFrom: string | undefined) => Promise<T>,
  ): Promise<T>;
}

export function createLanded(): Landed {
  /** The repository that has it, when it has come there. */
  const under = new Map<string, Promise<string | undefined>>();
  return {
    bring: async ({ digest, registry, repository }, work) => {
      const key = `${registry} ${digest}`;
      for (let before = under.get(key); before !== undefined; before = under.get(key)) {
        const from = await before;
        if (from !== undefined) return work(from === repository ? undefined : from);
        if (under.get(key) === before) under.delete(key);
      }
      const mine = work(undefined);
      under.set(
        key,
        mine.then(
          () => repository,
          () => undefined,
        ),
      );
      return mine;
    },
  };
}
