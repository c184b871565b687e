import { bindings } from './bindings.ts';
import { nodeGypBuild } from './node-gyp-build.ts';
import { nodePreGyp } from './node-pre-gyp.ts';
import type { Rule } from './types.ts';
import { viewEngine } from './view-engine.ts';

export { platformPackages } from './platform-packages.ts';
export type { Place } from './types.ts';

/** Every rule about a call, one line each. */
export const RULES: readonly Rule[] = [nodeGypBuild, bindings, nodePreGyp, viewEngine];
