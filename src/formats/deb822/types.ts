import type { ByteString } from '../../base/path.ts';

/**
 * One stanza: field name as written → value, in the order of the file. A value's lines are joined by '\n': the first is what
 * follows the colon (often empty), each other one a continuation line without the one blank that marks it. No line ends in white space.
 */
export type Stanza = ReadonlyMap<string, ByteString>;
