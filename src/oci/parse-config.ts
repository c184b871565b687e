import { TareError } from '../base/error.ts';
import {
  asArray,
  asBoolean,
  asDigest,
  asFilledString,
  asInteger,
  asObject,
  asString,
  asStringMap,
  asStrings,
  member,
  parseJson,
  readObject,
  requireMember,
  wrong,
  type JsonValue,
} from './json-value.ts';
import { isImageConfig } from './media-types.ts';
import type { Healthcheck, History, ImageConfig, Manifest, RunConfig } from './types.ts';

export const MAX_CONFIG_BYTES = 8 * 1024 * 1024; // 8 MiB

/**
 * An image config. Unknown members are kept; members that are null (docker, buildah and kaniko write them) count as absent. With the
 * manifest, it is also checked that the config is of an image and that both count the same layers. The history may be longer or shorter than that:
 * tools disagree on it, and nothing depends on it.
 * @throws TareError E_MANIFEST, which names the place in the document; E_MEDIA_TYPE for the config of something else; E_LIMIT beyond 8 MiB
 */
export function parseImageConfig(bytes: Uint8Array, options: { readonly manifest?: Manifest } = {}): ImageConfig {
  const { manifest } = options;
  if (manifest !== undefined && !isImageConfig(manifest.config.mediaType)) {
    throw new TareError(
      'E_MEDIA_TYPE',
      `the manifest is not of an image: its config is of type ${JSON.stringify(manifest.config.mediaType)}`,
      { hint: 'name an image; other artifacts have no file system' },
    );
  }
  const json = parseJson(bytes, 'image config', MAX_CONFIG_BYTES);
  for (const key of ['os', 'architecture', 'rootfs']) requireMember(json, key);
  const config = readObject<ImageConfig>(json, {
    created: asString,
    author: asString,
    architecture: asFilledString,
    variant: asString,
    os: asFilledString,
    'os.version': asString,
    config: asRunConfig,
    rootfs: asRootfs,
    history: (history) => asArray(history).map(asHistory),
  });
  const count = config.rootfs.diff_ids.length;
  if (manifest !== undefined && manifest.layers.length !== count) {
    throw new TareError(
      'E_MANIFEST',
      `the manifest has ${manifest.layers.length} layers, but its config has ${count} diff IDs`,
    );
  }
  return config;
}

function asRootfs(json: JsonValue): ImageConfig['rootfs'] {
  const type = member(json, 'type');
  if (asString(type) !== 'layers') throw wrong(type, 'must be "layers"');
  const ids = member(json, 'diff_ids');
  // An image without layers: Go leaves an empty list out, or writes null.
  const diffIds = ids.value === undefined || ids.value === null ? [] : asArray(ids).map(asDigest);
  return { ...asObject(json), type: 'layers', diff_ids: diffIds };
}

function asRunConfig(json: JsonValue): RunConfig {
  return readObject<RunConfig>(json, {
    User: asString,
    ExposedPorts: asSet,
    Env: asStrings,
    Entrypoint: asStrings,
    Cmd: asStrings,
    Volumes: asSet,
    WorkingDir: asString,
    Labels: asStringMap,
    StopSignal: asString,
    Healthcheck: asHealthcheck,
    Shell: asStrings,
  });
}

/** Go's set: a map from names to empty objects. */
function asSet(json: JsonValue): Record<string, object> {
  return Object.fromEntries(
    Object.keys(asObject(json)).map((key) => {
      const inner = member(json, key);
      return [key, inner.value === null ? {} : asObject(inner)];
    }),
  );
}

function asHealthcheck(json: JsonValue): Healthcheck {
  return readObject<Healthcheck>(json, {
    Test: asStrings,
    Interval: asInteger,
    Timeout: asInteger,
    StartPeriod: asInteger,
    Retries: asInteger,
  });
}

function asHistory(json: JsonValue): History {
  return readObject<History>(json, {
    created: asString,
    created_by: asString,
    author: asString,
    comment: asString,
    empty_layer: asBoolean,
  });
}
