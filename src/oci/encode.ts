import { canonicalJson } from '../base/json.ts';
import type { ImageConfig, ImageIndex, Manifest } from './types.ts';

// The bytes that digests are made of: UTF-8 JSON with sorted keys and no white space, so that equal values have equal digests.

export function encodeManifest(manifest: Manifest): Uint8Array {
  return encode(manifest);
}

export function encodeConfig(config: ImageConfig): Uint8Array {
  return encode(config);
}

export function encodeIndex(index: ImageIndex): Uint8Array {
  return encode(index);
}

function encode(value: object): Uint8Array {
  return Buffer.from(canonicalJson(value), 'utf8');
}
