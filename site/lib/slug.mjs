/** The anchor that GitHub gives a heading: in lower case, spaces as hyphens, without signs. Repeated ones get `-1`, `-2` … from whoever counts. */
export const slugOf = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
