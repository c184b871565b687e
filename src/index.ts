/// <reference types="node" preserve="true" />
export { createContext } from './base/context.ts';
export type { Digest } from './base/digest.ts';
export { ERROR_CODES, type ErrorCode } from './base/error-codes.ts';
export { isTareError, TareError } from './base/error.ts';
export type { Context, TareEvent, Warning } from './base/events.ts';
export type { BuildOptions, BuildResult, DryRun } from './build/types.ts';
export { parseConfig, readConfig, type Config } from './config/config.ts';
export type { CheckReport, CheckResult } from './explain/check/types.ts';
export type { ComparedImage } from './explain/compare.ts';
export type { ImageDiff } from './explain/diff/types.ts';
export type { FileRow } from './explain/files.ts';
export type { Inspection } from './explain/inspect.ts';
export type { Dissection } from './explain/layers/layers.ts';
export type { Why } from './explain/why.ts';
export { decodeProfile, encodeProfile, mergeProfiles, type Profile } from './evidence/observed/index.ts';
export { interpolate, parseDotenv, type Project } from './formats/compose/index.ts';
export { readElf } from './formats/elf/index.ts';
export { readTar, writeTar } from './formats/tar/index.ts';
export { compareApkVersions, compareDebVersions } from './formats/versions/index.ts';
export {
  build,
  compare,
  diff,
  files,
  inspect,
  layers,
  observe,
  planBuild,
  planShrink,
  shrink,
  unpack,
  verify,
  why,
} from './library/calls.ts';
export { check } from './library/check-call.ts';
export {
  addToIndex,
  annotateIndex,
  copy,
  copyList,
  costOf,
  createIndex,
  listTags,
  pull,
  push,
  sbomOf,
  serveRegistry,
} from './library/registry-calls.ts';
export { exportSystem, shrinkSystem, upSystem, verifySystem, type ProjectInput } from './library/system-calls.ts';
export type { CallOptions, ImageInput } from './library/tools.ts';
export { lintDockerfile } from './lint/lint.ts';
export { parseReference } from './oci/reference.ts';
export type { Descriptor, Image, ImageConfig, ImageIndex, Manifest, Platform } from './oci/types.ts';
export type { ShrinkOptions, ShrinkPlan, ShrinkResult } from './shrink/types.ts';
export type { CopyListResult } from './ship/copy-list.ts';
export type { CopyResult } from './ship/copy.ts';
export type { IndexResult } from './ship/image-index/types.ts';
export type { TagList } from './ship/registry.ts';
export type { ServeOptions, Serving } from './ship/registry/server.ts';
export type { CostResult } from './ship/retention/cost.ts';
export type { UnpackResult } from './ship/unpack.ts';
export { defaultHome, openStore } from './store/index.ts';
export type { Store, TaggedImage } from './store/types.ts';
export { openImage, writeImage } from './transports/index.ts';
export type { Entry, Tree } from './tree/types.ts';
export type { AttachedSystem } from './systems/attach.ts';
export type { ExportedProject } from './systems/export-project.ts';
export type { SystemProbe } from './systems/prove/probes.ts';
export type { SystemVerification } from './systems/prove/verify.ts';
export { readProject, type ReadProjectOptions } from './systems/read-project.ts';
export type { ShrunkSystem } from './systems/shrink/shrink.ts';
export type { VerifyResult } from './verify/verify.ts';
