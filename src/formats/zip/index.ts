export { readZipDirectory } from './directory.ts';
export { zipDataOffset } from './local-header.ts';
export { METHOD_DEFLATE, METHOD_STORE } from './methods.ts';
export type { ReadAt, ZipMember } from './types.ts';
