import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TareError } from '../../base/error.ts';
import { createExpansionGuard, DEFAULT_EXPANSION_CAPS } from '../../base/expansion.ts';
import type { Bytes } from '../../base/streams.ts';
import { findTool, toolEnvironment } from '../../sandbox/spawn.ts';

const PROGRAMS = {
  bzip2: { args: ['-dc'], package: 'bzip2' },
  // What it may take of memory to look back into: the highest of its own levels needs 65 MiB.
  xz: { args: ['-dc', '--threads=1', '--memlimit-decompress=512MiB'], package: 'xz-utils (xz)' },
} as const;

const MAX_STDERR_BYTES = 4096;

/**
 * Decompresses by a program of this machine, with the caps of `DEFAULT_EXPANSION_CAPS`. Whoever stops in the middle ends it.
 * @throws TareError E_TOOL_MISSING, E_COMPRESSION, E_LIMIT; errors of the source pass
 */
export async function* decompressByProgram(name: keyof typeof PROGRAMS, source: Bytes): AsyncGenerator<Uint8Array> {
  const { args, package: packageName } = PROGRAMS[name];
  const program = findTool(name);
  if (program === undefined)
    throw new TareError('E_TOOL_MISSING', `an archive is packed with ${name}, which is not on this machine`, {
      hint: `install ${packageName}; or pack the archive with gzip or zstd; or copy it as it is, with COPY or --unpack=false`,
    });
  const guard = createExpansionGuard(DEFAULT_EXPANSION_CAPS);
  let fault: { readonly error: unknown } | undefined;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        guard.took(chunk.length);
        yield Buffer.from(chunk);
      }
    } catch (error) {
      fault = { error };
      throw error;
    }
  };
  const child = spawn(program, [...args], { stdio: ['pipe', 'pipe', 'pipe'], env: toolEnvironment() });
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  const ended = Promise.race([once(child, 'close'), failed]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < MAX_STDERR_BYTES) said += chunk.toString('latin1');
  });
  // That the program reads no further is its own affair; what it thinks of the data it says by its exit code.
  const feeding = pipeline(Readable.from(counted(), { objectMode: false }), child.stdin).catch(() => undefined);
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      guard.gave(chunk.length);
      yield chunk;
    }
    const how = await ended;
    await feeding;
    if (fault !== undefined) throw fault.error;
    if (how instanceof Error) throw new TareError('E_IO', `cannot start ${program}: ${how.message}`, { cause: how });
    if (child.exitCode !== 0)
      throw new TareError(
        'E_COMPRESSION',
        `the ${name} data are malformed or truncated: ${said.trim() || 'no reason was given'}`,
      );
  } finally {
    child.kill('SIGKILL');
    child.stdin.destroy();
    await feeding;
    await ended;
  }
}
