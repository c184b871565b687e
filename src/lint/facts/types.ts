import type { Digest } from '../../base/digest.ts';
import type { Instruction, Range, RunInstruction, Stage, Word } from '../../formats/dockerfile/types.ts';
import type { IgnoreRules } from '../../formats/ignorefile/index.ts';
import type { LayerFacts } from '../measure/types.ts';
import type { Script } from '../shell/types.ts';

/** A stage and what it is made upon. */
export interface StageFacts {
  readonly stage: Stage;
  /** Of FROM, variables replaced by their defaults. */
  readonly base: string;
  /** The stage above that it is built upon. */
  readonly parent?: StageFacts;
  /** Its layers are in the image: the target stage, and what that is built upon. */
  readonly shipped: boolean;
}

/** A variable that is used and that nothing has set. */
export interface UndefinedVariable {
  readonly name: string;
  /** A name that is set and differs by a letter or two. */
  readonly near?: string;
  readonly range: Range;
}

/** Where an instruction stands. */
export interface Point {
  readonly stage: StageFacts;
  /** Absolute; undefined when only the base image knows. */
  readonly cwd: string | undefined;
  /** Of the last SHELL; undefined: the default one. */
  readonly shell: readonly string[] | undefined;
  /** A variable's value there. */
  variable(name: string): string | undefined;
}

/** A word of EXPOSE after expansion. */
export interface Port {
  readonly text: string;
  readonly word: Word;
  /** The word holds a variable. */
  readonly expanded: boolean;
}

/** What a source of COPY or ADD is in the build context. */
export type SourceKind = 'directory' | 'archive' | 'file' | 'missing';

/** What is known of the folder that is built. */
export interface BuildContext {
  /** Undefined: there is no ignore file. */
  readonly ignore: IgnoreRules | undefined;
  /** By the text of the source. */
  readonly kinds: ReadonlyMap<string, SourceKind>;
}

/** What the config of a base image says. */
export interface BaseImage {
  readonly digest: Digest;
  /** As in an image config; empty: root. */
  readonly user: string;
  /** Names of variables that it sets. */
  readonly variables: readonly string[];
}

/** What rules may know beside the file itself. Everything is worked out once. */
export interface Facts {
  readonly stages: readonly StageFacts[];
  /** The stages whose layers are in the image, base first. */
  readonly chain: readonly StageFacts[];
  readonly undefinedVariables: readonly UndefinedVariable[];
  readonly undefinedInFrom: readonly UndefinedVariable[];
  readonly ports: readonly Port[];
  /** The place of `[start, end)` of the file's text. */
  rangeAt(start: number, end: number): Range;
  /** Of every instruction behind the first FROM. */
  pointOf(instruction: Instruction): Point;
  /** What a RUN does; undefined when it is not for a POSIX shell, or cannot be read. */
  scriptOf(run: RunInstruction): Script | undefined;
  /** Undefined: the folder is not known. */
  readonly context: BuildContext | undefined;
  /** A base image, by the text of FROM with variables replaced; undefined when it is not at hand. */
  baseOf(base: string): BaseImage | undefined;
  /** Names that a comment may silence. */
  readonly ruleIds: ReadonlySet<string>;
  /** What the layer of an instruction holds in the image that was given; undefined when none was, or none fits. */
  layerOf(instruction: Instruction): LayerFacts | undefined;
}
