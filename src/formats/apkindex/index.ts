export { encodeApkInstalled } from './encode.ts';
export { apkFieldOf, parseApkInstalled } from './parse.ts';
export type { ApkFolder, ApkStanza } from './types.ts';
