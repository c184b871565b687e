import picocolors from 'picocolors';

/** How a text may look: colour functions that are the identity on a pipe, and the width in columns. */
export interface Style {
  readonly width: number;
  readonly colour: boolean;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export function createStyle(options: { readonly colour: boolean | undefined; readonly width: number }): Style {
  const colours = picocolors.createColors(options.colour === true);
  const { bold, dim, red, green, yellow, cyan } = colours;
  return { width: Math.max(40, options.width), colour: options.colour === true, bold, dim, red, green, yellow, cyan };
}
