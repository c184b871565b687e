const MAX_LINES = 20;
const MAX_BYTES = 16 * 1024; // 16 KiB

/** The last lines of what a process printed. */
export function createTail(): { readonly add: (bytes: Uint8Array) => void; readonly text: () => string } {
  let kept = Buffer.alloc(0);
  return {
    add: (bytes) => {
      kept = Buffer.concat([kept, bytes]).subarray(-MAX_BYTES);
    },
    text: () => kept.toString('utf8').trimEnd().split('\n').slice(-MAX_LINES).join('\n'),
  };
}
