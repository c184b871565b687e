import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/evidence/facts.ts';
import { recalledElf, rememberedElf } from '../../../src/evidence/elf/remembered.ts';
import { readElf } from '../../../src/formats/elf/index.ts';

describe('a remembered ELF file', () => {
  it('is the same as the one that was read', () => {
    const elf = readElf(readFileSync(process.execPath));
    const written = JSON.stringify(rememberedElf(elf));
    expect(recalledElf(JSON.parse(written) as Fact)).toEqual(elf);
  });
});
