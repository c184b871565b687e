import type { ElfFile } from '../../formats/elf/index.ts';
import type { Fact } from '../facts.ts';

/** Changes with what is read of an ELF file. */
export const ELF_QUESTION = 'elf file 1';

type Numbers = readonly (readonly string[])[];

/** JSON has no numbers of 64 bits: those are texts beside the rest. */
export function rememberedElf({ dynamicEntries, segments, ...rest }: ElfFile): Fact {
  const fact = {
    ...rest,
    segments: segments.map(({ address: _address, memorySize: _memorySize, ...segment }) => segment),
    places: segments.map(({ address, memorySize }) => [String(address), String(memorySize)]),
    entries: dynamicEntries.map(({ tag, value }) => [String(tag), String(value)]),
  };
  // All of it is texts, numbers and lists, which an interface cannot say.
  return fact as unknown as Fact;
}

export function recalledElf(fact: Fact): ElfFile {
  const { entries, places, segments, ...rest } = fact as unknown as Omit<ElfFile, 'dynamicEntries'> & {
    readonly places: Numbers;
    readonly entries: Numbers;
  };
  return {
    ...rest,
    segments: segments.map((segment, at) => {
      const [address = '0', memorySize = '0'] = places[at] ?? [];
      return { ...segment, address: BigInt(address), memorySize: BigInt(memorySize) };
    }),
    dynamicEntries: entries.map(([tag = '0', value = '0']) => ({ tag: BigInt(tag), value: BigInt(value) })),
  };
}
