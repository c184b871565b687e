import { createSource, type Source } from '../../formats/dockerfile/source.ts';
import type { Dockerfile, Instruction, RunInstruction } from '../../formats/dockerfile/types.ts';
import type { LayerFacts } from '../measure/types.ts';
import { scriptOfRun } from '../shell/script.ts';
import type { Script } from '../shell/types.ts';
import { globalsOf, stagesOf, undefinedInFrom } from './stages.ts';
import { surveyOf } from './survey.ts';
import type { BaseImage, BuildContext, Facts } from './types.ts';

export interface Surroundings {
  /** Name or number of the stage whose image is meant; the last one when omitted. */
  readonly target?: string | undefined;
  readonly context?: BuildContext | undefined;
  /** Names of variables that base images set. */
  readonly variables?: readonly string[] | undefined;
  /** By the text of FROM, variables replaced. */
  readonly bases?: ReadonlyMap<string, BaseImage> | undefined;
  readonly ruleIds?: ReadonlySet<string> | undefined;
  /** What an image holds for each instruction. */
  readonly layers?: ReadonlyMap<Instruction, LayerFacts> | undefined;
}

export function factsOf(
  file: Dockerfile,
  { bases, context, layers, ruleIds = new Set(), target, variables = [] }: Surroundings,
): Facts {
  const globals = globalsOf(file);
  const stages = stagesOf(file, globals, target);
  const { points, ports, undefinedVariables } = surveyOf(file, stages, globals, (base) => [
    ...variables,
    ...(bases?.get(base)?.variables ?? []),
  ]);
  let source: Source | undefined;
  const scripts = new Map<RunInstruction, Script | undefined>();
  const pointOf: Facts['pointOf'] = (instruction) => {
    const point = points.get(instruction);
    if (point === undefined) throw new Error(`${instruction.kind} stands in no stage`);
    return point;
  };
  return {
    stages,
    chain: stages.filter(({ shipped }) => shipped),
    undefinedVariables,
    undefinedInFrom: undefinedInFrom(file, globals),
    ports,
    rangeAt: (start, end) => (source ??= createSource(file.file, file.text)).range(start, end),
    pointOf,
    scriptOf: (run) => {
      if (!scripts.has(run)) scripts.set(run, scriptOfRun(run, pointOf(run).shell, file.escape));
      return scripts.get(run);
    },
    context,
    baseOf: (base) => bases?.get(base),
    ruleIds,
    layerOf: (instruction) => layers?.get(instruction),
  };
}
