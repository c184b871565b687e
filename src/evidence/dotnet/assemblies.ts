import { isTareError } from '../../base/error.ts';
import { type AssemblyMetadata, readMetadataFrom, readTypeReferencesFrom } from '../../formats/ecma335/index.ts';
import { isPe, readPeFrom } from '../../formats/pe/index.ts';
import type { ContentReader, Entry } from '../../tree/types.ts';
import { type Facts, learn } from '../facts.ts';

/** What matters of an assembly for others. */
export interface AssemblyFacts {
  /** Simple names. */
  readonly references: readonly string[];
  /** Types and their assemblies that it names in texts, for reflection. */
  readonly named: readonly (readonly [type: string, assembly: string])[];
  readonly nativeLibraries: readonly string[];
  /** Names of libraries in texts. */
  readonly namedLibraries: readonly string[];
  /** Modules and resources in files beside it. */
  readonly files: readonly string[];
  /** Of an assembly that only forwards: type, and the simple name of the assembly that it is in. Undefined for all others. */
  readonly forwards: readonly (readonly [type: string, assembly: string])[] | undefined;
}

type Fact = AssemblyFacts & { readonly [name: string]: readonly (string | readonly string[])[] | undefined };

/** Undefined when the file is no assembly; `broken` when it looks like one but cannot be read. */
export async function readAssembly(
  content: ContentReader,
  entry: Entry,
  facts: Facts | undefined,
): Promise<AssemblyFacts | { readonly broken: string } | undefined> {
  const read = (offset: number, size: number): Promise<Uint8Array> => content.read(entry, { offset, size });
  try {
    const known = await learn(facts, entry, 'dotnet assembly', async (): Promise<Fact | null> => {
      if (entry.size < 2 || !isPe(await read(0, 2))) return null;
      const { cli } = await readPeFrom(read, entry.size);
      return cli === undefined ? null : factsOf(await readMetadataFrom(read, cli.metadata));
    });
    return known ?? undefined;
  } catch (error) {
    if (isTareError(error, 'E_PE') || isTareError(error, 'E_CLI') || isTareError(error, 'E_LIMIT'))
      return { broken: error.message };
    throw error;
  }
}

function factsOf(metadata: AssemblyMetadata): Fact {
  return {
    references: [...new Set(metadata.references.map(({ name }) => name))],
    named: metadata.namedTypes.map(({ assembly, type }) => [type, assembly] as const),
    nativeLibraries: metadata.nativeLibraries,
    namedLibraries: metadata.namedLibraries,
    files: metadata.files,
    forwards: metadata.forwards.size === 0 ? undefined : [...metadata.forwards],
  };
}

/** The types that a readable assembly takes from another one. */
export function readTypesFrom(
  content: ContentReader,
  entry: Entry,
  { facts, name }: { readonly facts: Facts | undefined; readonly name: string },
): Promise<readonly string[]> {
  const read = (offset: number, size: number): Promise<Uint8Array> => content.read(entry, { offset, size });
  return learn(facts, entry, `dotnet types of ${name}`, async () => {
    const { cli } = await readPeFrom(read, entry.size);
    return cli === undefined ? [] : readTypeReferencesFrom(read, cli.metadata, name);
  });
}
