import type { Dockerfile, Range } from '../../../src/formats/dockerfile/index.ts';

/** Something of a parsed file that has a place; `raw` when it claims to be the text there. */
export interface Placed {
  readonly path: string;
  readonly range: Range;
  readonly raw?: string;
  /** The nearest thing around it. */
  readonly parent?: Placed;
}

const isRange = (value: unknown): value is Range =>
  typeof value === 'object' && value !== null && 'start' in value && 'end' in value;

/** Every object with a `range` below the instructions, comments, directives and warnings, the outer ones first. */
export function placed(file: Dockerfile): Placed[] {
  const found: Placed[] = [];
  const visit = (value: unknown, path: string, parent?: Placed): void => {
    if (typeof value !== 'object' || value === null || isRange(value)) return;
    let inner = parent;
    if ('range' in value && isRange(value.range)) {
      inner = {
        path,
        range: value.range,
        ...('raw' in value && typeof value.raw === 'string' ? { raw: value.raw } : {}),
        ...(parent === undefined ? {} : { parent }),
      };
      found.push(inner);
    }
    for (const [key, child] of Object.entries(value)) {
      if (key !== 'range' && key !== 'comments') visit(child, `${path}.${key}`, inner);
    }
  };
  visit(file.instructions, 'instructions');
  visit(file.directives, 'directives');
  visit(file.warnings, 'warnings');
  for (const [index, comment] of file.comments.entries()) visit(comment, `comments.${index}`);
  return found;
}
