/** What `observeImage` calls the only question there is when there is nothing to ask. */
export const STARTS = 'starts';
const STARTS_TITLE = 'the program starts';

export interface TitledProbe {
  readonly name: string;
  readonly ok: boolean;
}

/** A probe's name for people. `exit`: the code that the program has ended with; undefined when it stays up. */
export function probeTitle({ name, ok }: TitledProbe, exit: number | undefined): string {
  if (name !== STARTS) return name;
  if (!ok) return STARTS_TITLE;
  return exit === undefined ? `${STARTS_TITLE} and stays up` : `${STARTS_TITLE} and ends with exit code ${exit}`;
}

/** The same when it is not known how the program went on. */
export const plainTitle = (name: string): string => (name === STARTS ? STARTS_TITLE : name);
