/** A place in the text of a Dockerfile: `line` and `column` from 1, `offset` from 0; columns and offsets count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** From `start` up to, not including, `end`. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/**
 * A word as it stands in the file. `raw` is the text at `range`, byte for byte. `value` is what the language sees before
 * expansion: continuations and comments inside are gone, a JSON string is decoded; quotes, escapes and variables of the shell
 * form are still there (see `processWord`).
 */
export interface Word {
  readonly raw: string;
  readonly value: string;
  readonly range: Range;
}

/** `--name=value` before the arguments; quotes and escapes are gone from `value`, variables are not; `--name` alone has ''. */
export interface Flag extends Word {
  readonly name: string;
  /** No '=' follows the name. */
  readonly bare: boolean;
}

/** `text` is without '#' and blanks around it. */
export interface Comment {
  readonly text: string;
  readonly range: Range;
}

/** `# name=value` on top of the file. */
export interface Directive {
  readonly name: 'syntax' | 'escape' | 'check';
  readonly value: string;
  readonly range: Range;
}

/** What the parser accepts and a reader of the file should know. Names in `rule` that BuildKit has too mean the same. */
export interface Warning {
  readonly rule: 'NoEmptyContinuation' | 'DuplicateStageName' | 'BrokenExecForm' | 'EmptyCommand' | 'IgnoredFlag';
  readonly message: string;
  readonly range: Range;
}

/** `<<NAME` of RUN, COPY and ADD. */
export interface Heredoc {
  readonly name: string;
  /** The lines between, as they stand (tabs and CR included); `heredocText` takes the tabs of `<<-` away. */
  readonly content: string;
  /** Variables are replaced (COPY and ADD): no part of the name is quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs do not count. */
  readonly chomp: boolean;
  /** The word that holds `<<NAME`. */
  readonly range: Range;
  /** The lines of `content`. */
  readonly body: Range;
  /** The closing line, without its line end. */
  readonly terminator: Range;
}

export type Form = 'shell' | 'exec';

/** The command of RUN, CMD, ENTRYPOINT, SHELL and HEALTHCHECK CMD. */
export interface CommandLine {
  readonly form: Form;
  /** All of it as one text: what the shell gets, or the JSON array. */
  readonly command: Word;
  /** The decoded strings of the exec form; empty for the shell form. */
  readonly words: readonly Word[];
}

interface InstructionBase<Kind extends string> {
  readonly kind: Kind;
  /** The keyword as written. */
  readonly keyword: Word;
  readonly flags: readonly Flag[];
  /** All lines of the instruction joined, blanks around it gone; heredocs are not in it. */
  readonly text: string;
  /** The comment lines above it, since the last instruction or empty comment; directives are not among them. */
  readonly comments: readonly Comment[];
  /** From the keyword to the last word, or to the end of the last heredoc. */
  readonly range: Range;
}

export interface FromInstruction extends InstructionBase<'FROM'> {
  readonly image: Word;
  /** The word AS as written. */
  readonly as?: Word;
  /** The stage's name as written; `Stage.name` is in lower case. */
  readonly name?: Word;
  readonly platform?: string;
}

export interface ArgDefinition {
  readonly key: Word;
  readonly value?: Word;
  readonly range: Range;
}

export interface ArgInstruction extends InstructionBase<'ARG'> {
  readonly args: readonly ArgDefinition[];
}

export interface KeyValue {
  readonly key: Word;
  readonly value: Word;
  /** Written as `KEY value`, without '='. */
  readonly legacy: boolean;
  readonly range: Range;
}

export interface EnvInstruction extends InstructionBase<'ENV'> {
  readonly pairs: readonly KeyValue[];
}

export interface LabelInstruction extends InstructionBase<'LABEL'> {
  readonly pairs: readonly KeyValue[];
}

interface FileSources {
  readonly form: Form;
  /** Paths and URLs, in order, heredocs apart. */
  readonly sources: readonly Word[];
  /** The heredocs among the sources, in order: each makes a file of its name. */
  readonly heredocs: readonly Heredoc[];
  readonly destination: Word;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly exclude: readonly string[];
}

export interface CopyInstruction extends InstructionBase<'COPY'>, FileSources {
  readonly from?: string;
  readonly parents: boolean;
}

export interface AddInstruction extends InstructionBase<'ADD'>, FileSources {
  readonly checksum?: string;
  /** Undefined: not said. */
  readonly keepGitDir?: boolean;
  /** Undefined: not said (local archives are unpacked, remote ones are not). */
  readonly unpack?: boolean;
}

/** One `--mount`, split at its commas; `resolveMount` gives it meaning once variables are known. */
export interface MountFlag {
  /** Keys in lower case; no `value` when there is no '='. */
  readonly fields: readonly { readonly key: string; readonly value?: string; readonly text: string }[];
  readonly flag: Flag;
  readonly range: Range;
}

export interface DeviceFlag {
  readonly name: string;
  readonly required: boolean;
}

export interface RunInstruction extends InstructionBase<'RUN'>, CommandLine {
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly MountFlag[];
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly devices: readonly DeviceFlag[];
}

export interface CmdInstruction extends InstructionBase<'CMD'>, CommandLine {}
export interface EntrypointInstruction extends InstructionBase<'ENTRYPOINT'>, CommandLine {}
export interface ShellInstruction extends InstructionBase<'SHELL'>, CommandLine {}

/** Times in nanoseconds; 0 leaves what the base image says. */
export interface HealthcheckCommand extends CommandLine {
  readonly type: 'CMD';
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

export interface HealthcheckInstruction extends InstructionBase<'HEALTHCHECK'> {
  readonly check: HealthcheckCommand | { readonly type: 'NONE' };
}

export interface ExposeInstruction extends InstructionBase<'EXPOSE'> {
  /** As written, in the order of the file; `parsePorts` reads them after expansion. */
  readonly ports: readonly Word[];
}

export interface VolumeInstruction extends InstructionBase<'VOLUME'> {
  readonly form: Form;
  readonly paths: readonly Word[];
}

export interface WorkdirInstruction extends InstructionBase<'WORKDIR'> {
  readonly path: Word;
}

export interface UserInstruction extends InstructionBase<'USER'> {
  readonly user: Word;
}

export interface StopsignalInstruction extends InstructionBase<'STOPSIGNAL'> {
  readonly signal: Word;
}

export interface MaintainerInstruction extends InstructionBase<'MAINTAINER'> {
  readonly name: Word;
}

export interface OnbuildInstruction extends InstructionBase<'ONBUILD'> {
  readonly trigger: Instruction;
  /** What the image config keeps: the trigger with its heredocs. */
  readonly expression: string;
}

export type Instruction =
  | FromInstruction
  | ArgInstruction
  | EnvInstruction
  | LabelInstruction
  | CopyInstruction
  | AddInstruction
  | RunInstruction
  | CmdInstruction
  | EntrypointInstruction
  | ShellInstruction
  | HealthcheckInstruction
  | ExposeInstruction
  | VolumeInstruction
  | WorkdirInstruction
  | UserInstruction
  | StopsignalInstruction
  | MaintainerInstruction
  | OnbuildInstruction;

export type InstructionKind = Instruction['kind'];

export interface Stage {
  /** Position in the file, from 0. */
  readonly index: number;
  /** In lower case. */
  readonly name?: string;
  readonly from: FromInstruction;
  /** Those after FROM. */
  readonly instructions: readonly Instruction[];
  readonly range: Range;
}

/** What an error needs to show the place. */
export interface DockerfileSource {
  readonly file: string;
  readonly text: string;
}

export interface Dockerfile extends DockerfileSource {
  readonly escape: '\\' | '`';
  readonly directives: readonly Directive[];
  /** Every comment line, also those inside instructions, in order. */
  readonly comments: readonly Comment[];
  /** The ARGs before the first FROM. */
  readonly globals: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  /** All of them, FROM and globals included, in order; triggers stand in their ONBUILD. */
  readonly instructions: readonly Instruction[];
  readonly warnings: readonly Warning[];
}
