export { canonicalFile } from './canonical.ts';
export { checkKeys } from './check-keys.ts';
export { checkCycles, checkPorts } from './checks.ts';
export { parseDotenv, parseRawEnv } from './dotenv.ts';
export type { Draft } from './draft.ts';
export { finishServices } from './finish.ts';
export { interpolate } from './interpolate.ts';
export { interpolateNode } from './interpolate-node.ts';
export { mergeFiles, mergeServices, withoutResets } from './merge.ts';
export {
  asMap,
  childOf,
  composeError,
  isNull,
  lineText,
  mapNode,
  spotText,
  type Entry,
  type MapNode,
  type Node,
  type Source,
} from './node.ts';
export { parseComposeFile } from './parse.ts';
export { isRemote, pathOf } from './paths.ts';
export { createProblems, type Problems } from './problems.ts';
export { readProjectDraft } from './project.ts';
export { listOf, textOf, wordOf } from './scalars.ts';
export { selectServices } from './select.ts';
export type { Project, ProjectNetwork, Service } from './types.ts';
