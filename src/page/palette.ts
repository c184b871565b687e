/**
 * The style sheet has eight colours that people with any kind of colour vision can tell apart, after Masataka Okabe and Kei Ito, "Color Universal Design" (2008): the
 * same hues, softer where the ground is light and deeper where it is dark. Neighbours differ in lightness too; the last one is for all that has no colour of its own.
 */
export const COLOURS = 8;
export const REST = COLOURS - 1;
/** Of a folder that holds several. */
export const MIXED = -1;

export interface Palette {
  readonly fills: readonly string[];
  /** Of text on each fill. */
  readonly inks: readonly string[];
  readonly ground: string;
  /** Folders, by depth. */
  readonly folders: readonly string[];
  /** Of small folders that hold several colours. */
  readonly mixed: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly accent: string;
}

/** As the style sheet has them now. */
export function paletteNow(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (property: string): string => style.getPropertyValue(property).trim();
  const fills = Array.from({ length: COLOURS }, (_, at) => of(`--fill-${at}`));
  return {
    fills,
    inks: fills.map(inkOn),
    ground: of('--ground'),
    folders: [of('--surface'), of('--folder-1'), of('--folder-2'), of('--folder-3')],
    mixed: of('--fill-7'),
    ink: of('--ink'),
    muted: of('--muted'),
    line: of('--line'),
    accent: of('--accent'),
  };
}

/** Black or white, whichever stands out more (WCAG 2.2, "contrast ratio"). */
export function inkOn(fill: string): string {
  const light = luminance(fill);
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? '#101418' : '#ffffff';
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
