import { dirname, isAbsolute, join } from 'node:path';
import { errnoOf, fromErrno, TareError } from '../../base/error.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { linesOf, placeInFile } from '../../base/yaml-place.ts';
import { yamlValue } from '../../base/yaml.ts';
import { parseConfig } from '../../config/config.ts';
import { diveRulesOf, isDiveFile } from './dive-ci.ts';
import { parseStructureTests } from './structure/parse.ts';
import type { StructureTests } from './structure/types.ts';
import type { AskedRule, RuleSet, RuleSource } from './types.ts';

const MAX_FILE_BYTES = 1024 * 1024; // 1 MiB

/** Rules that were written for another tool, as they are. */
export type RuleFile =
  | { readonly kind: 'dive'; readonly rules: readonly AskedRule[]; readonly source: RuleSource }
  | { readonly kind: 'structure'; readonly tests: StructureTests };

/** What a file of settings is: one of other tools' rules, or a tare.yaml. */
export type ReadFile = RuleFile | TareFile;

export interface TareFile {
  readonly kind: 'tare';
  readonly rules: RuleSet;
}

/**
 * Structure tests have a `schemaVersion`, a `.dive-ci` has `rules`; what has neither is a tare.yaml.
 * @throws TareError E_CHECK naming file, line and key; E_PATH_NOT_FOUND, E_LIMIT, …
 */
export async function readRuleFile(file: string): Promise<ReadFile> {
  let text: string;
  try {
    text = (await readSmallFile(file, MAX_FILE_BYTES)).toString('utf8');
  } catch (error) {
    // Not a path of an image, which the cure of that code is for.
    if (errnoOf(error) === 'ENOENT')
      throw new TareError('E_PATH_NOT_FOUND', `there is no file of rules ${file}`, {
        hint: 'name a tare.yaml, a file of structure tests, or a .dive-ci; docs/ci.md has examples',
        cause: error,
      });
    throw fromErrno(error, `cannot read ${file}`);
  }
  const read = yamlValue(text);
  if ('problem' in read) throw new TareError('E_CHECK', `${file}${read.at}: ${read.problem}`);
  const place = placeInFile(file, text);
  const { value } = read;
  const sourceOf = sourcesIn(file, text);
  if (typeof value === 'object' && value !== null && 'schemaVersion' in value) {
    return { kind: 'structure', tests: parseStructureTests({ file, value, place, sourceOf }) };
  }
  if (isDiveFile(value)) {
    return { kind: 'dive', rules: diveRulesOf(value, place), source: sourceOf('rules') };
  }
  return { kind: 'tare', rules: await tareRules(file, text) };
}

/** What a tare.yaml says below `check`; a `budget` of the build counts where that says nothing. Files are named from its folder. */
async function tareRules(file: string, text: string): Promise<RuleSet> {
  const { budget, check = {} } = await parseConfig(text, file);
  const lineOf = sourcesIn(file, text);
  const isBudget = (key: string | undefined): boolean => (key === 'disk' || key === 'wire') && check[key] === undefined;
  return {
    config: {
      ...budget,
      ...check,
      ...(check.tests === undefined ? {} : { tests: check.tests.map((each) => resolveFrom(file, each)) }),
    },
    sourceOf: (key) => lineOf(isBudget(key[0]) ? 'budget' : 'check', ...key),
  };
}

const resolveFrom = (file: string, path: string): string => (isAbsolute(path) ? path : join(dirname(file), path));

/** Where the values of a text stand, by their path. */
export function sourcesIn(file: string, text: string): (...path: readonly (string | number)[]) => RuleSource {
  const lineOf = linesOf(text);
  return (...path) => {
    const line = lineOf(...path);
    return { file, ...(line === undefined ? {} : { line }) };
  };
}

/** The same for a file that is none of tare's own. @throws TareError E_CHECK */
export async function readForeignRules(file: string): Promise<RuleFile> {
  const read = await readRuleFile(file);
  if (read.kind !== 'tare') return read;
  throw new TareError(
    'E_CHECK',
    `${file} holds neither structure tests (a schemaVersion) nor the rules of a .dive-ci (rules)`,
  );
}
