export { createIgnoreMatcher, type IgnoreMatcher } from './matcher.ts';
export { ignoreRules, parseIgnoreFile, type IgnoreSource } from './parse.ts';
export type { IgnoreRule, IgnoreRules } from './types.ts';
