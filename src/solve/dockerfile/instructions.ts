import type { Instruction, InstructionKind } from '../../formats/dockerfile/types.ts';
import * as config from './config-instructions.ts';
import { add, copy } from './copy-instruction.ts';
import { run } from './run-instruction.ts';
import type { Handler, StageState, StageTools } from './state.ts';

const HANDLERS: { readonly [K in InstructionKind]: Handler<K> } = {
  ADD: add,
  ARG: config.arg,
  CMD: config.cmd,
  COPY: copy,
  ENTRYPOINT: config.entrypoint,
  ENV: config.env,
  EXPOSE: config.expose,
  FROM: config.from,
  HEALTHCHECK: config.healthcheck,
  LABEL: config.label,
  MAINTAINER: config.maintainer,
  ONBUILD: config.onbuild,
  RUN: run,
  SHELL: config.shell,
  STOPSIGNAL: config.stopsignal,
  USER: config.user,
  VOLUME: config.volume,
  WORKDIR: config.workdir,
};

/** The state after one instruction. @throws TareError E_DOCKERFILE */
export function applied<K extends InstructionKind>(
  state: StageState,
  instruction: Extract<Instruction, { readonly kind: K }>,
  tools: StageTools,
): StageState {
  const handler: Handler<K> = HANDLERS[instruction.kind];
  return handler(state, instruction, tools);
}

/** Those that take time, and count in the names of steps. */
export const isStep = ({ kind }: Instruction): boolean =>
  kind === 'RUN' || kind === 'COPY' || kind === 'ADD' || kind === 'WORKDIR';
