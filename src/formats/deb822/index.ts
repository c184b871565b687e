export { encodeDeb822 } from './encode.ts';
export { fieldOf, parseDeb822 } from './parse.ts';
export type { Stanza } from './types.ts';
