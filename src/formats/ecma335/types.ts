/** Reads `size` bytes at `offset` of the file; fewer only when it ends there. */
export type ReadAt = (offset: number, size: number) => Promise<Uint8Array>;

/** Where in the file the metadata are. */
export interface Range {
  readonly offset: number;
  readonly size: number;
}

/** ECMA-335 II.6.2.1: what an assembly is called, and what it asks for. */
export interface AssemblyName {
  readonly name: string;
  /** Major, minor, build, revision. */
  readonly version: string;
  /** `de`, `zh-Hans`; empty for all but assemblies of translated resources. */
  readonly culture: string;
  /** 16 hex digits; empty when the assembly is not signed. */
  readonly publicKeyToken: string;
}

/** Where the bytes of a resource are: in this file, in one beside it, in another assembly. */
export interface ManifestResource {
  readonly name: string;
  readonly in: 'here' | { readonly file: string } | { readonly assembly: string };
}

/** `System.Net.Cookie, System.Net.Primitives`; the type is empty when the assembly alone is named, in full. */
export interface NamedType {
  readonly type: string;
  readonly assembly: string;
}

export interface AssemblyMetadata {
  /** Absent in a module that belongs to an assembly of several files. */
  readonly assembly?: AssemblyName;
  /** In the order of the file. */
  readonly references: readonly AssemblyName[];
  /** Of the methods that are implemented by native code (P/Invoke): `libssl`, `kernel32.dll`; sorted, each once. */
  readonly nativeLibraries: readonly string[];
  readonly resources: readonly ManifestResource[];
  /** Further files of the assembly, by name. */
  readonly files: readonly string[];
  /** What texts of the program name for reflection, each once, in order. */
  readonly namedTypes: readonly NamedType[];
  /** Texts of the program that look like names of shared libraries (`libmsquic.so.2`); sorted, each once. */
  readonly namedLibraries: readonly string[];
  /** Types of its own, `<Module>` excluded. */
  readonly types: number;
  /** Of an assembly without types of its own: where each type that it is asked for really is (`System.Uri` → `System.Private.Uri`). */
  readonly forwards: ReadonlyMap<string, string>;
}
