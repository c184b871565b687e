import { posix } from 'node:path';
import { NON_ENVIRONMENT_ARGS, processHeredoc, processWords } from '../../formats/dockerfile/index.ts';
import type { Dockerfile, Instruction, Range } from '../../formats/dockerfile/types.ts';
import { isTareError } from '../../base/error.ts';
import { variablesOfImage } from './base-variables.ts';
import { expansion, nearestName, variableRange } from './expansion.ts';
import { createScope, type Scope } from './scope.ts';
import type { Globals } from './stages.ts';
import type { Point, Port, StageFacts, UndefinedVariable } from './types.ts';

/** Variables that rules ask for: they are remembered with their value at each instruction. */
const WATCHED = ['NODE_ENV', 'NPM_CONFIG_CACHE', 'PIP_NO_CACHE_DIR', 'npm_config_cache'] as const;
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Of one stage; and those for which a similar name is looked for. */
const MAX_MISSING = 2000;
const MAX_SUGGESTIONS = 100;
/** Arguments that the builder itself reads. */
const SILENT: readonly string[] = NON_ENVIRONMENT_ARGS;

export interface Survey {
  readonly points: ReadonlyMap<Instruction, Point>;
  readonly undefinedVariables: readonly UndefinedVariable[];
  readonly ports: readonly Port[];
}

interface StageEnd {
  readonly scope: Scope;
  /** Declared by ARG without a value: nobody calls them undefined. */
  readonly declared: Scope;
  readonly cwd: string | undefined;
  readonly shell: readonly string[] | undefined;
}

/**
 * Goes through all stages as a build would (BuildKit dockerfile2llb/convert.go, dispatch): which variables are set where. A stage inherits those of the
 * stage that it is built upon, arguments too.
 * @param known names that the base images set, as far as they are at hand
 */
export function surveyOf(
  file: Dockerfile,
  stages: readonly StageFacts[],
  globals: Globals,
  known: (base: string) => readonly string[],
): Survey {
  const points = new Map<Instruction, Point>();
  const undefinedVariables: UndefinedVariable[] = [];
  const ports: Port[] = [];
  const ends = new Map<StageFacts, StageEnd>();
  for (const facts of stages) {
    const begin = facts.parent === undefined ? imageStart(facts.base, known(facts.base)) : ends.get(facts.parent);
    if (begin === undefined) throw new Error('a stage stands before the one it is built upon');
    const walk = createWalk(file, facts, begin, globals);
    for (const instruction of facts.stage.instructions) {
      points.set(instruction, walk.point());
      walk.step(instruction);
    }
    undefinedVariables.push(...walk.missing);
    ports.push(...walk.ports);
    ends.set(facts, walk.end());
  }
  return { points, undefinedVariables, ports };
}

function imageStart(base: string, known: readonly string[]): StageEnd {
  const scope = createScope();
  scope.set('PATH', DEFAULT_PATH);
  const isEmpty = base === 'scratch';
  for (const name of isEmpty ? [] : [...variablesOfImage(base), ...known]) if (name !== 'PATH') scope.set(name, '');
  return { scope, declared: createScope(), cwd: isEmpty ? '/' : undefined, shell: undefined };
}

function createWalk({ escape, ...source }: Dockerfile, facts: StageFacts, begin: StageEnd, { values }: Globals) {
  const scope = createScope(begin.scope);
  const declared = createScope(begin.declared);
  const missing: UndefinedVariable[] = [];
  const ports: Port[] = [];
  let { cwd, shell } = begin;
  let watched: ReadonlyMap<string, string> | undefined;

  const report = (names: ReadonlySet<string>, range: Range): void => {
    for (const name of names) {
      if (declared.get(name) !== undefined || SILENT.includes(name) || missing.length === MAX_MISSING) continue;
      const near = missing.length < MAX_SUGGESTIONS ? nearestName(name, scope) : undefined;
      missing.push({ name, range: variableRange(source, range, name), ...(near === undefined ? {} : { near }) });
    }
  };
  const word = (text: string, range: Range): string => {
    const { text: value, unmatched } = expansion(text, scope, { escape });
    report(unmatched, range);
    return value;
  };
  const set = (name: string, value: string): void => {
    scope.set(name, value);
    watched = undefined;
  };

  function step(instruction: Instruction): void {
    switch (instruction.kind) {
      case 'ENV': {
        // All of them see what was set before the instruction.
        const pairs = instruction.pairs.map(
          ({ key, value }) => [word(key.value, key.range), word(value.value, value.range)] as const,
        );
        for (const [name, value] of pairs) set(name, value);
        return;
      }
      case 'ARG':
        for (const { key, value } of instruction.args) {
          const here = value === undefined ? values.get(key.value) : word(value.value, value.range);
          if (here !== undefined && !SILENT.includes(key.value)) set(key.value, here);
          declared.set(key.value, '');
        }
        return;
      case 'LABEL':
        for (const { key, value } of instruction.pairs) {
          word(key.value, key.range);
          word(value.value, value.range);
        }
        return;
      case 'COPY':
      case 'ADD': {
        for (const flag of instruction.flags)
          if (['chown', 'chmod', 'checksum', 'exclude'].includes(flag.name)) word(flag.value, flag.range);
        for (const each of [...instruction.sources, instruction.destination]) word(each.value, each.range);
        for (const heredoc of instruction.heredocs) if (heredoc.expand) reportHeredoc(heredoc);
        return;
      }
      case 'RUN':
        for (const { fields, range } of instruction.mounts) for (const { value } of fields) word(value ?? '', range);
        return;
      case 'WORKDIR': {
        const path = word(instruction.path.value, instruction.path.range);
        cwd = path.startsWith('/') ? posix.normalize(path) : cwd === undefined ? undefined : posix.join(cwd, path);
        return;
      }
      case 'USER':
        word(instruction.user.value, instruction.user.range);
        return;
      case 'STOPSIGNAL':
        word(instruction.signal.value, instruction.signal.range);
        return;
      case 'VOLUME':
        for (const path of instruction.paths) word(path.value, path.range);
        return;
      case 'EXPOSE':
        // What is not set is no port: BuildKit does not call it undefined.
        for (const each of instruction.ports) {
          for (const text of portWords(each.value))
            ports.push({ text, word: each, expanded: each.value.includes('$') || text !== each.value });
        }
        return;
      case 'SHELL':
        shell = instruction.words.map(({ value }) => value);
    }
  }

  function reportHeredoc(heredoc: Parameters<typeof processHeredoc>[0]): void {
    try {
      report(processHeredoc(heredoc, scope).unmatched, heredoc.body);
    } catch (error) {
      if (!isTareError(error)) throw error;
    }
  }

  function portWords(text: string): readonly string[] {
    try {
      return processWords(text, scope, { escape });
    } catch (error) {
      if (isTareError(error)) return [];
      throw error;
    }
  }

  function point(): Point {
    const seen = (watched ??= watchedIn(scope));
    return { stage: facts, cwd, shell, variable: (name) => seen.get(name) };
  }

  return { step, point, missing, ports, end: (): StageEnd => ({ scope, declared, cwd, shell }) };
}

function watchedIn(scope: Scope): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const name of WATCHED) {
    const value = scope.get(name);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}
