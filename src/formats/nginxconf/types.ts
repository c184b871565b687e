import type { ByteString } from '../../base/path.ts';

/** One directive: `listen 80;`, `server { … }`. */
export interface NginxDirective {
  readonly name: ByteString;
  /** Quotes and escapes removed. */
  readonly args: readonly ByteString[];
  /** From 1. */
  readonly line: number;
  /** Names of the blocks around it, the outermost first. */
  readonly blocks: readonly ByteString[];
}

export interface NginxConf {
  /** In the order of the text, a block before what is in it. */
  readonly directives: readonly NginxDirective[];
  /** What is wrong with the text; what was read before that is there. */
  readonly problem?: { readonly line: number; readonly message: string };
}
