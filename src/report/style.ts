import picocolors from 'picocolors';

/** How a text may look: colour functions that are the identity on a pipe, and the width in columns. */
export interface Style {
  readonly width: number;
  readonly colour: boolean;
  /** Lines that are too long are broken by us and not in the middle of a word; a pipe has no width. */
  readonly terminal: boolean;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export function createStyle(options: {
  readonly colour: boolean | undefined;
  readonly width: number;
  readonly terminal?: boolean | undefined;
}): Style {
  const colours = picocolors.createColors(options.colour === true);
  const { bold, dim, red, green, yellow, cyan } = colours;
  const { colour, terminal, width } = options;
  const looks = { width: Math.max(40, width), colour: colour === true, terminal: terminal === true };
  return { ...looks, bold, dim, red, green, yellow, cyan };
}
