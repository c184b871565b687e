/** What is put in comes out, in that order, until it is closed; for one reader. */
export interface Queue<T> extends AsyncIterable<T> {
  put(item: T): void;
  close(): void;
}

export function queueOf<T>(): Queue<T> {
  const waiting: T[] = [];
  let closed = false;
  let wake: () => void = () => undefined;
  return {
    put(item) {
      waiting.push(item);
      wake();
    },
    close() {
      closed = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const item = waiting.shift();
        if (item !== undefined) yield item;
        else if (closed) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
