import { PLATFORM_ARGS, type Variables } from '../../formats/dockerfile/index.ts';
import type { Dockerfile } from '../../formats/dockerfile/types.ts';
import { expansion, nearestName, variableRange } from './expansion.ts';
import { createScope, type Scope } from './scope.ts';
import type { StageFacts, UndefinedVariable } from './types.ts';

export interface Globals {
  /** Values of the arguments before the first FROM, by their defaults. */
  readonly values: Scope;
  /** Every name that FROM may use, with a value or without. */
  readonly declared: Scope;
}

/** What the builder sets by itself, on the machine that most people build for. */
const OF_PLATFORMS: Readonly<Record<(typeof PLATFORM_ARGS)[number], string>> = {
  BUILDPLATFORM: 'linux/amd64',
  BUILDOS: 'linux',
  BUILDOSVERSION: '',
  BUILDARCH: 'amd64',
  BUILDVARIANT: '',
  TARGETPLATFORM: 'linux/amd64',
  TARGETOS: 'linux',
  TARGETOSVERSION: '',
  TARGETARCH: 'amd64',
  TARGETVARIANT: '',
  TARGETSTAGE: 'default',
};

export function globalsOf(file: Dockerfile): Globals {
  const values = createScope();
  const declared = createScope();
  for (const name of PLATFORM_ARGS) {
    values.set(name, OF_PLATFORMS[name]);
    declared.set(name, '');
  }
  for (const { args } of file.globals) {
    for (const { key, value } of args) {
      declared.set(key.value, '');
      if (value !== undefined) values.set(key.value, expansion(value.value, values, { escape: file.escape }).text);
    }
  }
  return { values, declared };
}

/** @param target name or number of a stage; the last one when omitted, or when there is none of that name */
export function stagesOf(file: Dockerfile, { values }: Globals, target: string | undefined): StageFacts[] {
  const made: { -readonly [K in keyof StageFacts]: StageFacts[K] }[] = [];
  const byName = new Map<string, StageFacts>();
  for (const stage of file.stages) {
    const base = expansion(stage.from.image.value, values, { escape: file.escape }).text;
    const parent = byName.get(base.toLowerCase());
    const facts = { stage, base, shipped: false, ...(parent === undefined ? {} : { parent }) };
    made.push(facts);
    if (stage.name !== undefined) byName.set(stage.name, facts);
  }
  const wanted = made.findLast(({ stage }) => stage.name === target?.toLowerCase() || String(stage.index) === target);
  const last = wanted ?? made.at(-1);
  for (let at: StageFacts | undefined = last; at !== undefined; at = at.parent) {
    const facts = made[at.stage.index];
    if (facts !== undefined) facts.shipped = true;
  }
  return made;
}

export function undefinedInFrom(file: Dockerfile, { declared, values }: Globals): UndefinedVariable[] {
  const found: UndefinedVariable[] = [];
  const look = (text: string, range: UndefinedVariable['range'], variables: Variables): void => {
    for (const name of expansion(text, variables, { escape: file.escape }).unmatched) {
      if (declared.get(name) !== undefined) continue;
      const near = nearestName(name, declared);
      found.push({ name, range: variableRange(file, range, name), ...(near === undefined ? {} : { near }) });
    }
  };
  for (const { from } of file.stages) {
    look(from.image.value, from.image.range, values);
    const flag = from.flags.find(({ name }) => name === 'platform');
    if (flag !== undefined) look(flag.value, flag.range, values);
  }
  return found;
}
