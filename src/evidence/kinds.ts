import type { Certainty, Kind } from './types.ts';

const KIND_TABLE: Readonly<Record<Kind, true>> = {
  entrypoint: true,
  interpreter: true,
  command: true,
  'elf-needed': true,
  'elf-dlopen': true,
  'node-import': true,
  'python-import': true,
  'dotnet-reference': true,
  config: true,
  opened: true,
  'looked-up': true,
  symlink: true,
  parent: true,
  rule: true,
  app: true,
  include: true,
};

/** Every kind of edge, each once. */
export const KINDS = Object.keys(KIND_TABLE) as readonly Kind[];

/** The surest first. */
export const CERTAINTIES: readonly Certainty[] = ['sure', 'likely', 'guess'];
