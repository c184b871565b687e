import type { ByteString } from '../../base/path.ts';
import { nextToken } from './tokens.ts';
import type { NginxConf, NginxDirective } from './types.ts';

/** Blocks in blocks. */
const MAX_DEPTH = 64;
const MAX_DIRECTIVES = 200_000;
/** nginx itself takes 4096 (NGX_CONF_MAX_ARGS is 8, but blocks of values have any number). */
const MAX_WORDS = 4096;
/** Blocks whose content is a program in another language (lua-nginx-module, "Directives"). */
const FOREIGN_BLOCK = /_by_lua_block$/;

/** The directives of an nginx configuration, flat. Never throws: a text that is broken is read up to there. */
export function parseNginxConf(text: ByteString): NginxConf {
  const directives: NginxDirective[] = [];
  const blocks: ByteString[] = [];
  let words: ByteString[] = [];
  let [at, line, start] = [0, 1, 1];
  const stopped = (message: string): NginxConf => ({ directives, problem: { line, message } });
  for (;;) {
    const token = nextToken(text, at, line);
    if (token === undefined) break;
    line += newlines(text, at, token.end);
    if (token.kind === 'broken') return stopped(token.text);
    if (token.kind === 'word') {
      if (words.length === 0) start = token.line;
      if (words.length >= MAX_WORDS) return stopped('a directive has too many words');
      words.push(token.text);
    } else if (token.kind === '}') {
      if (words.length > 0) return stopped('a directive is not ended');
      if (blocks.pop() === undefined) return stopped('a block ends that did not begin');
    } else {
      const [name, ...args] = words;
      words = [];
      if (name === undefined) return stopped(`there is nothing in front of ${token.kind}`);
      if (directives.length >= MAX_DIRECTIVES) return stopped('it has too many directives');
      directives.push({ name, args, line: start, blocks: [...blocks] });
      if (token.kind === '{') {
        if (FOREIGN_BLOCK.test(name)) {
          const end = blockEnd(text, token.end);
          line += newlines(text, token.end, end);
          at = end;
          continue;
        }
        if (blocks.length >= MAX_DEPTH) return stopped('its blocks are too deep');
        blocks.push(name);
      }
    }
    at = token.end;
  }
  if (words.length > 0) return stopped('the last directive is not ended');
  return blocks.length > 0 ? stopped('a block is not closed') : { directives };
}

function newlines(text: ByteString, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** Braces of the other language are counted, those in its strings too: they come in pairs, or the file would not load. */
function blockEnd(text: ByteString, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}' && --depth === 0) return at + 1;
  }
  return text.length;
}
