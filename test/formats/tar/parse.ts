import { TareError } from '../../../src/base/error.ts';
import { createTarParser, type TarLimits, type TarMember } from '../../../src/formats/tar/index.ts';

export interface Parsed {
  readonly members: readonly TarMember[];
  /** Stored bytes of each member, as text of bytes. */
  readonly data: readonly string[];
}

/** Parses an archive cut into chunks of these lengths (the last one repeats). Throws what the parser throws. */
export function parse(bytes: Uint8Array, limits: Partial<TarLimits> = {}, cuts: readonly number[] = [65536]): Parsed {
  const members: TarMember[] = [];
  const data: string[] = [];
  let open = false;
  const parser = createTarParser(
    {
      member(member) {
        if (open) throw new Error('a member began before the one before it ended');
        open = true;
        members.push(member);
        data.push('');
      },
      data(chunk) {
        if (!open || chunk.length === 0) throw new Error('data outside a member');
        data[data.length - 1] += Buffer.from(chunk).toString('latin1');
      },
      memberEnd() {
        open = false;
      },
    },
    limits,
  );
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const length = Math.max(1, cuts[Math.min(i, cuts.length - 1)] ?? 1);
    parser.push(bytes.subarray(at, at + length));
    at += length;
  }
  parser.end();
  if (open) throw new Error('a member did not end');
  return { members, data };
}

/** The members alone, by a reader that passes over what it may: windows of so many bytes. */
export function parseHeaders(bytes: Uint8Array, window: number): readonly TarMember[] {
  const members: TarMember[] = [];
  const parser = createTarParser({ member: (member) => members.push(member) });
  for (let at = 0; at < bytes.length;) {
    const chunk = bytes.subarray(at, at + window);
    parser.push(chunk);
    const passed = Math.min(parser.skippable(), bytes.length - at - chunk.length);
    parser.skip(passed);
    at += chunk.length + passed;
  }
  parser.end();
  return members;
}

/** Its outcome as plain data: what was parsed, or the code and message of the error. Anything but a TareError is thrown on. */
export function outcome(bytes: Uint8Array, cuts?: readonly number[]): unknown {
  try {
    return parse(bytes, {}, cuts);
  } catch (error) {
    if (error instanceof TareError) return `${error.code} ${error.message}`;
    throw error;
  }
}
