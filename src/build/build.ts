import { writeWithDocuments } from '../attest/attach.ts';
import type { BuildFacts } from '../attest/provenance/types.ts';
import { throwIfCancelled } from '../base/context.ts';
import type { Descriptor } from '../oci/types.ts';
import { identityOf } from '../transports/index.ts';
import { overBudget } from './budget.ts';
import { finishImage, packPlan } from './layers.ts';
import { prepare, type Prepared } from './prepare.ts';
import { folderFacts } from './provenance.ts';
import { withScratch } from './publish.ts';
import { saveRecord } from './record.ts';
import type { BuildOptions, BuildResult, BuildTools, DryRun } from './types.ts';
import { consultedBy, findUnchanged, mayBeRemembered, questionOf } from './unchanged.ts';
import { verifyBuilt } from './verified.ts';
import type { Warehouse } from './warehouse.ts';
import { measureTree } from '../tree/measure.ts';

/**
 * Application folder → image in the store (and at `output`).
 * Steps: settings, warehouse, Tree, evidence, Plan, layers, image, verification, name. When nothing that the last equal build looked at
 * has changed, its result is taken.
 * @throws TareError on bad input or a missing tool; a failed probe is no error: `verified.ok` is false and no name is given
 */
export function build(options: BuildOptions, tools: BuildTools): Promise<BuildResult> {
  return withScratch((scratch) => buildOrRecall(options, { ...tools, scratch }));
}

async function buildOrRecall(options: BuildOptions, tools: ToolsInHand): Promise<BuildResult> {
  const began = performance.now();
  const startedAt = Date.now();
  const lease = await tools.store.lease();
  try {
    for (const target of options.output ?? []) await identityOf(target);
    const key = await questionOf(options);
    const known = await findUnchanged(key, options, tools);
    const made = known === undefined ? await buildAnew(options, tools) : undefined;
    const { facts, result } = (made ?? known) as Pick<Finished, 'facts' | 'result'>;
    const written =
      result.verified?.ok === false
        ? { outputs: [], attached: [] }
        : await writeWithDocuments(
            { name: result.reference, targets: options.output ?? [], formats: options.sbom ?? [], facts },
            tools,
          );
    const seconds = (performance.now() - began) / 1000;
    if (made !== undefined && mayBeRemembered(made.prepared, result, options)) {
      const { config, descriptor, evidence, prepared } = made;
      const warehouse = prepared.warehouse.image?.descriptor.digest ?? null;
      const told = facts === undefined ? {} : { facts };
      const record = { key, result, descriptor, evidence, config, warehouse, ...told };
      await saveRecord(record, consultedBy(prepared), { store: tools.store, startedAt });
    }
    return { ...result, ...written, seconds, unchanged: known !== undefined };
  } finally {
    await lease.release();
  }
}

/** The Plan alone; nothing is written. */
export function planBuild(options: BuildOptions, tools: BuildTools): Promise<DryRun> {
  return withScratch(async (scratch) => {
    const { name, plan, settings, start } = await prepare(options, { ...tools, scratch });
    return { dryRun: true, name, entrypoint: start.entrypoint, tightness: settings.tightness ?? 'reachable', plan };
  });
}

type ToolsInHand = BuildTools & { readonly scratch: () => Promise<string> };

interface Finished {
  readonly result: BuildResult;
  readonly descriptor: Descriptor;
  readonly evidence: Descriptor;
  readonly config: Descriptor;
  readonly prepared: Prepared;
  /** With provenance. */
  readonly facts?: BuildFacts;
}

async function buildAnew(options: BuildOptions, tools: ToolsInHand): Promise<Finished> {
  const prepared = await prepare(options, tools);
  const layers = await packPlan(prepared, tools);
  const image = await finishImage(prepared, layers, tools);
  const { settings } = prepared;
  const verdict = await verifyBuilt({
    digest: image.descriptor.digest,
    settings,
    wanted: options.verify,
    tools,
  });
  const ok = verdict.verified === null || verdict.verified.ok;
  if (ok) await tools.store.tag(prepared.name, image.descriptor, image.evidence);
  const size = { disk: sum(layers, 'disk'), wire: sum(layers, 'wire') };
  const result: BuildResult = {
    reference: ok ? prepared.name : image.descriptor.digest,
    digest: image.descriptor.digest,
    platform: prepared.warehouse.platform,
    size,
    original: await originalOf(prepared.warehouse, tools),
    files: sum(layers, 'files'),
    dropped: {
      files: prepared.plan.drop.length,
      disk: prepared.plan.drop.reduce((total, item) => total + item.size, 0),
    },
    layers: layers.map(({ packed: _packed, ...layer }) => layer),
    ...verdict,
    overBudget: overBudget(settings.budget, size),
    seconds: 0,
    warnings: prepared.plan.warnings,
    unchanged: false,
    outputs: [],
    attached: [],
  };
  const facts =
    ok && options.provenance === true ? await folderFacts(prepared, image.evidence, options.dir) : undefined;
  return { result, ...image, prepared, ...(facts === undefined ? {} : { facts }) };
}

async function originalOf(warehouse: Warehouse, tools: BuildTools): Promise<BuildResult['original']> {
  const { image } = warehouse;
  if (image === undefined) return null;
  const wire = image.manifest.layers.reduce((total, layer) => total + layer.size, 0);
  const { disk } = measureTree(warehouse.tree);
  throwIfCancelled(tools.ctx.signal);
  return { reference: image.reference, digest: image.descriptor.digest, size: { disk, wire } };
}

function sum<K extends string>(items: readonly Readonly<Record<K, number>>[], key: K): number {
  return items.reduce((total, item) => total + item[key], 0);
}
