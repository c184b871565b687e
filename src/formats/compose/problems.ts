import { TareError } from '../../base/error.ts';
import type { Warning } from '../../base/events.ts';
import { spotText, type Spot } from './node.ts';

/** Told at once; whoever wrote more of them reads the first ones first. */
const MAX_PROBLEMS = 20;
/** Places named in one warning. */
const MAX_PLACES = 5;

/** Collects what is wrong with a project, so that one run names all of it. */
export interface Problems {
  /** What `read` returns; undefined when it throws a TareError, which is kept. */
  readonly attempt: <T>(read: () => T) => T | undefined;
  /** One warning for all places of one attribute. */
  readonly warn: (code: string, subject: string, message: string, spot: Spot) => void;
  /** @throws TareError of all that was kept; of the code of the first */
  readonly raise: () => void;
  readonly warnings: () => readonly Warning[];
}

export function createProblems(): Problems {
  const errors: TareError[] = [];
  const notes = new Map<string, { readonly code: string; readonly message: string; readonly spots: string[] }>();
  return {
    attempt(read) {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof TareError)) throw error;
        errors.push(error);
        return undefined;
      }
    },
    warn(code, subject, message, spot) {
      const key = `${code}\0${subject}\0${message}`;
      const note = notes.get(key) ?? { code, message: `${subject}: ${message}`, spots: [] };
      notes.set(key, note);
      const at = spotText(spot);
      if (!note.spots.includes(at)) note.spots.push(at);
    },
    raise() {
      const [first, ...more] = errors;
      if (first === undefined) return;
      if (more.length === 0) throw first;
      const told = errors.slice(0, MAX_PROBLEMS).map(({ message }) => message);
      const rest = errors.length - told.length;
      const messages = [...new Set(told)];
      if (messages.length === 1 && rest === 0) throw first;
      const same = more.every(({ hint }) => hint === first.hint);
      const lines = [...messages, ...(rest === 0 ? [] : [`and ${rest} more`])];
      throw new TareError(
        first.code,
        `${errors.length} problems:\n  ${lines.join('\n  ')}`,
        same ? { hint: first.hint } : {},
      );
    },
    warnings: () =>
      [...notes.values()].map(({ code, message, spots }) => {
        const shown = spots.slice(0, MAX_PLACES).join(', ');
        const rest = spots.length - MAX_PLACES;
        return { code, message: `${shown}${rest > 0 ? ` and ${rest} more` : ''}: ${message}` };
      }),
  };
}
