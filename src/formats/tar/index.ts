export { encodeHeader, TRAILER } from './encode.ts';
export { paddingOf } from './fields.ts';
export { keptBytesOf } from './member.ts';
export { MAX_EXTENDED_HEADER_BYTES, type TarLimits } from './limits.ts';
export { createTarParser, type TarHandler, type TarParser } from './parser.ts';
export { readTar, type TarEntry } from './read.ts';
export type { EntryType, SparseRun, TarHeader, TarMember } from './types.ts';
export { unfoldSparse } from './unfold.ts';
export { writeTar, type TarInput } from './write.ts';
