import type { Image } from '../../oci/types.ts';
import { contentIdentity } from '../../shrink/content-identity.ts';
import type { LayerInHand } from '../../shrink/layers.ts';
import { assemble, decideOn, layersOf, type Knowledge, type Produced } from '../../shrink/produce.ts';
import { shareLayers } from '../../shrink/share.ts';
import type { ShrinkTools } from '../../shrink/types.ts';
import { openImage } from '../../transports/index.ts';
import type { ServiceSubject } from './subjects.ts';

export interface ProducedService {
  readonly service: string;
  readonly produced: Produced;
  readonly image: Image;
}

/** Small images of all services, with what several have in common in layers of their own. They have no names yet. */
export async function produceAll(
  subjects: readonly ServiceSubject[],
  knowledge: ReadonlyMap<string, Knowledge>,
  tools: ShrinkTools,
): Promise<readonly ProducedService[]> {
  const decided = [];
  for (const item of subjects) {
    const known = knowledge.get(item.service.name) ?? { profile: undefined, repairs: [] };
    const decision = await decideOn(item.subject, item.options, known, tools);
    decided.push({ ...item, known, decision, layers: layersOf(item.subject, decision, item.options) });
  }
  const { services } = shareLayers(
    decided.map(({ layers, service }) => ({ service: service.name, layers })),
    { identityOf: contentIdentity },
  );
  const shared = new Map<string, LayerInHand>();
  const all: ProducedService[] = [];
  for (const { decision, known, options, service, subject } of decided) {
    const groups = services.find((item) => item.service === service.name)?.layers ?? [];
    // A name such as `application` means another layer in each service.
    const packed = new Map([...shared].filter(([group]) => groups.some((item) => item.group === group)));
    const produced = await assemble({ subject, options, knowledge: known, decision, groups, packed }, tools);
    for (const [group, layer] of packed) if (group.startsWith('shared: ')) shared.set(group, layer);
    const image = await openImage(produced.descriptor.digest, { store: tools.store, ctx: tools.ctx });
    all.push({ service: service.name, produced, image });
  }
  return all;
}
