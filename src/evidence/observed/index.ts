export { decodeProfile, encodeProfile } from './codec.ts';
export { readProfile, writeProfile } from './file.ts';
export type { ListedFolder } from './listed.ts';
export { mergeProfiles } from './merge.ts';
export { profileOf, type ProfileInput } from './profile-of.ts';
export { observedRoots, type Observed, type ObservedInput } from './roots.ts';
export { startOnly } from './start-only.ts';
export { summariseProfile, type ProfileSummary } from './summary.ts';
export type { Profile, ProfilePath } from './types.ts';
