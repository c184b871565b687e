export { ignoreFor } from './ignore-for.ts';
export { openContext, type LocalContext, type OpenContextOptions } from './open.ts';
export { selectionDigest } from './selection.ts';
