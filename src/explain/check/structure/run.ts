import type { Context } from '../../../base/events.ts';
import type { Image } from '../../../oci/types.ts';
import type { Store } from '../../../store/types.ts';
import type { ImageTree } from '../../../tree/image-tree.ts';
import { resultOf } from '../result.ts';
import { ownerAndLayer } from '../attribution.ts';
import type { CheckResult, Facts, Outcome, RuleSource } from '../types.ts';
import { commandOutcomes } from './commands.ts';
import { fileExists, fileHolds } from './files.ts';
import { metadataIs } from './metadata.ts';
import type { StructureTests } from './types.ts';

const NO_LICENCES = 'licence tests compare with a list of Google’s own, which is not part of the file';

export interface StructureRun {
  readonly tests: StructureTests;
  readonly image: Image;
  readonly facts: Facts;
  readonly files: Pick<ImageTree, 'content' | 'tree'>;
  /** Variables of this machine, for those that the file asks for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly store: Store;
  readonly ctx: Context;
}

/** One result for each test, in the order of container-structure-test: commands, files, contents, licences, metadata. */
export async function runStructureTests(run: StructureRun): Promise<readonly CheckResult[]> {
  const { facts, files, tests } = run;
  const { config } = facts;
  const results: CheckResult[] = [];
  const add = (rule: string, outcome: Outcome, source: RuleSource): void => {
    const evidence = outcome.evidence?.map((each) => ({
      ...each,
      ...(each.path === undefined ? {} : ownerAndLayer(facts, each.path)),
    }));
    results.push(resultOf(rule, evidence === undefined ? outcome : { ...outcome, evidence }, source));
  };
  const ran = await commandOutcomes(run);
  for (const [at, test] of tests.commands.entries()) {
    const outcome = ran[at];
    if (outcome !== undefined) add('structure.command', outcome, test.source);
  }
  for (const test of tests.existence)
    add('structure.file-existence', fileExists(test, files.tree, config), test.source);
  for (const test of tests.contents)
    add('structure.file-content', await fileHolds(test, { ...files, config }), test.source);
  for (const source of tests.licences) {
    const outcome = { name: 'License Test', ok: true, skipped: NO_LICENCES, message: `skipped: ${NO_LICENCES}` };
    add('structure.licence', outcome, source);
  }
  if (tests.metadata !== undefined)
    add('structure.metadata', metadataIs(tests.metadata, config), tests.metadata.source);
  return results;
}
