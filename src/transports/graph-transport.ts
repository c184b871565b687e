import { bundleOfImage } from './bundle.ts';
import { imageOf } from './image.ts';
import type { GraphTransport, Transport } from './types.ts';

/** A transport of a medium that keeps manifests as they are: an image is a bundle of one manifest. */
export function graphTransport(graph: GraphTransport): Transport {
  return {
    open: async (rest, tools) => {
      const { blobs, descriptor, evidenceOf, reference } = await graph.find(rest, tools);
      const image = await imageOf({ reference, blobs, descriptor, platform: tools.platform });
      const evidence = await evidenceOf?.(image.descriptor.digest);
      return evidence === undefined ? image : { ...image, evidence };
    },
    write: (image, rest, tools) => graph.write(bundleOfImage(image), rest, tools),
    identity: (rest) => graph.identity(rest),
    graph,
  };
}
