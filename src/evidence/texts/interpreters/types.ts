import type { ByteString, TreePath } from '../../../base/path.ts';
import type { AnalyserTools, Certainty, Question } from '../../types.ts';

export interface Wanted {
  readonly path: TreePath;
  readonly because: string;
  readonly certainty: Certainty;
  readonly kind: 'opened' | 'config' | 'elf-dlopen' | 'app';
}

/** What an interpreter needs that others do not follow. */
export interface Interpreter {
  /** File names of its program. */
  readonly programs: RegExp;
  /** `prefix`: the folder above the program's `bin`. */
  wanted(prefix: ByteString, question: Question, tools: AnalyserTools): Promise<readonly Wanted[]>;
}
