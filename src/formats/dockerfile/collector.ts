import { isSpace } from './source.ts';

/** A word of the result, and the part of the input that it came from. */
export interface LexWord {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

export interface Lexed {
  readonly text: string;
  readonly words: readonly LexWord[];
}

/** The result so far: as one text, and split at white space that no quote or escape protects. */
export interface Collector {
  /** A char of the input, or of a value: white space splits. */
  split(text: string): void;
  /** What a quote or an escape protects. */
  keep(text: string): void;
  done(): Lexed;
}

/** @param position of the input; @param take is told of each piece, so that a cap can be kept */
export function collector(position: () => number, take: (text: string) => void): Collector {
  const parts: string[] = [];
  const words: LexWord[] = [];
  let word: string[] = [];
  let from = 0;
  let to = 0;
  const close = (): void => {
    const text = word.join('');
    if (text !== '') words.push({ text, from, to });
    word = [];
  };
  const add = (text: string, start: number): void => {
    if (text === '') return;
    if (word.length === 0) from = start;
    word.push(text);
    to = position();
  };
  let last = 0;
  const step = (): number => {
    const start = last;
    last = position();
    return start;
  };
  return {
    split(text) {
      take(text);
      parts.push(text);
      const start = step();
      let begin = 0;
      for (let at = 0; at < text.length; at++) {
        if (!isSpace(text[at] as string)) continue;
        add(text.slice(begin, at), start);
        close();
        begin = at + 1;
      }
      add(text.slice(begin), start);
    },
    keep(text) {
      take(text);
      parts.push(text);
      add(text, step());
    },
    done() {
      close();
      return { text: parts.join(''), words };
    },
  };
}
