import type { Digest } from '../../../base/digest.ts';
import { isTareError } from '../../../base/error.ts';
import { collectBytes, verified } from '../../../base/streams.ts';
import { member, parseJson } from '../../../oci/json-value.ts';
import { isImageConfig } from '../../../oci/media-types.ts';
import { MAX_CONFIG_BYTES } from '../../../oci/parse-config.ts';
import type { RegistryClient } from '../../../transports/registry/types.ts';
import type { ReadNode } from '../node.ts';

/** image-spec annotations.md. */
const CREATED = 'org.opencontainers.image.created';
/** Images that are the same every time say 1970, or 1980 where a zip was in play: that is no age. */
const EARLIEST = Date.UTC(1980, 0, 2) / 1000;

interface Asked {
  readonly client: RegistryClient;
  readonly repository: string;
  readonly graph: ReadonlyMap<Digest, ReadNode>;
  readonly digest: Digest;
  readonly signal?: AbortSignal;
}

/**
 * When an image says that it was made, in seconds since the epoch: by its annotation, else by its config; an index without one is as old
 * as the youngest of its images. Undefined when it does not say.
 * @throws TareError when a config cannot be fetched
 */
export async function createdOf(asked: Asked): Promise<number | undefined> {
  let youngest: number | undefined;
  const seen = new Set<Digest>();
  const waiting = [asked.digest];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = asked.graph.get(next);
    if (node === undefined || seen.has(next)) continue;
    seen.add(next);
    const time = timeOf(node.annotations?.[CREATED]) ?? (await timeOfConfig(asked, node));
    if (time !== undefined && (youngest === undefined || time > youngest)) youngest = time;
    if (time === undefined) waiting.push(...node.manifests);
  }
  return youngest;
}

async function timeOfConfig({ client, repository, signal }: Asked, { config }: ReadNode): Promise<number | undefined> {
  if (config === undefined || !isImageConfig(config.mediaType)) return undefined;
  const source = client.blob(repository, config, signal === undefined ? {} : { signal });
  const bytes = await collectBytes(verified(source, config), MAX_CONFIG_BYTES, `config ${config.digest}`);
  try {
    const created = member(parseJson(bytes, 'config', MAX_CONFIG_BYTES), 'created').value;
    return typeof created === 'string' ? timeOf(created) : undefined;
  } catch (error) {
    if (isTareError(error, 'E_MANIFEST')) return undefined;
    throw error;
  }
}

function timeOf(text: string | undefined): number | undefined {
  const time = /^\d{4}-\d{2}-\d{2}T/.test(text ?? '') ? Date.parse(text ?? '') / 1000 : Number.NaN;
  return time >= EARLIEST ? time : undefined;
}
