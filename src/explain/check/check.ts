import type { Context } from '../../base/events.ts';
import type { Image } from '../../oci/types.ts';
import type { Store } from '../../store/types.ts';
import { gather } from './facts.ts';
import { missingBase, withoutRules } from './advice.ts';
import { RULES } from './rules/index.ts';
import type { RuleFile } from './rule-files.ts';
import { resultOf } from './result.ts';
import { runStructureTests } from './structure/run.ts';
import type { AskedRule, CheckReport, Need, Outcome, RuleSet, RuleSource, RuleSpec } from './types.ts';

export interface CheckOptions {
  readonly image: Image;
  /** What growth is measured against. */
  readonly base?: Image | undefined;
  readonly rules: readonly RuleSet[];
  /** Structure tests, and dive's rules. */
  readonly files: readonly RuleFile[];
  /** Variables of this machine that structure tests may ask for by name. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What `max-age` takes for today, in milliseconds since the epoch; the clock's time when omitted. */
  readonly now?: number | undefined;
  readonly store: Store;
  readonly ctx: Context;
}

interface Placed {
  readonly rule: AskedRule;
  readonly source: RuleSource | undefined;
}

/**
 * Holds an image against rules; what fails says who is to blame. Nothing of it runs but the commands of structure tests.
 * @throws TareError E_USAGE when there is no rule, or none to measure growth against; what reading images and running commands throws
 */
export async function check(options: CheckOptions): Promise<CheckReport> {
  const { base, ctx, files, image, store } = options;
  const asked = RULES.flatMap((spec) => options.rules.flatMap((set) => placed(spec, set)));
  for (const { rules, source } of files.flatMap((file) => (file.kind === 'dive' ? [file] : [])))
    asked.push(...rules.map((rule) => ({ rule, source })));
  const tests = files.flatMap((file) => (file.kind === 'structure' ? [file.tests] : []));
  if (asked.length === 0 && tests.length === 0) throw await withoutRules({ image, store, ctx });
  const needs = new Set<Need>(asked.flatMap(({ rule }) => rule.needs));
  if (needs.has('growth') && base === undefined) throw missingBase(image.reference);
  const gathered = await gather({
    image,
    base,
    needs,
    now: needs.has('now') ? (options.now ?? Date.now()) : undefined,
    store,
    ctx,
  });
  const results = asked.flatMap(({ rule, source }) => {
    const outcome = rule.check(gathered.facts);
    return asList(outcome).map((each) => resultOf(rule.id, each, source));
  });
  for (const each of tests)
    results.push(...(await runStructureTests({ ...gathered, tests: each, image, store, ctx, env: options.env ?? {} })));
  const failed = results.filter(({ ok }) => !ok).length;
  const skipped = results.filter((result) => result.skipped !== undefined).length;
  return {
    reference: image.reference,
    digest: image.descriptor.digest,
    size: gathered.facts.dissection.size,
    ...(base === undefined ? {} : { base: { reference: base.reference, digest: base.descriptor.digest } }),
    ok: failed === 0,
    counts: { passed: results.length - failed - skipped, failed, skipped },
    results,
  };
}

const asList = (outcome: Outcome | readonly Outcome[]): readonly Outcome[] =>
  'message' in outcome ? [outcome] : outcome;

function placed(spec: RuleSpec, { config, sourceOf }: RuleSet): readonly Placed[] {
  const rule = spec.ask(config);
  return rule === undefined ? [] : [{ rule, source: sourceOf?.(spec.key) }];
}
