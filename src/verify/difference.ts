/** In what an answer is unlike the original's. */
export interface Difference {
  readonly text: string;
  /** The original may well differ from itself here: another run of it, with its answers added, can tell. */
  readonly doubtful: boolean;
}

export const sure = (text: string): Difference => ({ text, doubtful: false });
export const doubtful = (text: string): Difference => ({ text, doubtful: true });
