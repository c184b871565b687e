import type { CommandInput } from '../spec.ts';

export interface AccessLog {
  readonly write: (line: string) => void;
  readonly close: () => Promise<void>;
}

/** Undefined when nobody wants one. @throws TareError of the file system */
export async function openLog({ cli, options }: CommandInput): Promise<AccessLog | undefined> {
  const file = options.text('accessLog') ?? (cli.quiet ? 'none' : '-');
  if (file === 'none') return undefined;
  if (file === '-') return { write: (line) => void process.stderr.write(`${line}\n`), close: () => Promise.resolve() };
  const [{ open }, { fromErrno }] = await Promise.all([import('node:fs/promises'), import('../../base/error.ts')]);
  const handle = await open(file, 'a', 0o640).catch((error: unknown) => {
    throw fromErrno(error, `cannot write ${file}`);
  });
  const stream = handle.createWriteStream();
  let isBroken = false;
  // A full disk must not end a registry that only reads.
  stream.on('error', (error) => {
    if (!isBroken) process.stderr.write(`the access log ${file} cannot be written any more: ${error.message}\n`);
    isBroken = true;
  });
  return {
    write: (line) => {
      if (!isBroken) stream.write(`${line}\n`);
    },
    close: () =>
      new Promise((resolve) => {
        stream.once('close', resolve);
        stream.end();
      }),
  };
}
