import { asObject, type Json, type JsonObject, memberOf } from './manifest.ts';

/** Deepest nesting of conditions that is followed; node itself has no cap, real packages need four. */
const MAX_DEPTH = 32;

/** What an `exports` or `imports` member offers for a name: a target, or nothing. */
export type Target = string | undefined;

/**
 * PACKAGE_EXPORTS_RESOLVE of the Node documentation ("Modules: ECMAScript modules", resolution algorithm), up to the target string.
 * `subpath` starts with '.'; the target is as written, with the pattern filled in: `./lib/x.js`, or, in `imports`, the name of a package.
 */
export function exportsTarget(exports: Json, subpath: string, conditions: ReadonlySet<string>): Target {
  const object = asObject(exports);
  const subpaths = object !== undefined && Object.keys(object).some((key) => key.startsWith('.'));
  if (!subpaths) return subpath === '.' ? pick(exports, { fill: '', conditions, bare: false }) : undefined;
  return matchTarget(object, subpath, conditions, false);
}

/** PACKAGE_IMPORTS_RESOLVE: `name` starts with '#'. */
export function importsTarget(imports: Json, name: string, conditions: ReadonlySet<string>): Target {
  const object = asObject(imports);
  return object === undefined ? undefined : matchTarget(object, name, conditions, true);
}

/** PACKAGE_IMPORTS_EXPORTS_RESOLVE: an exact key, else the most specific pattern. */
function matchTarget(object: JsonObject, name: string, conditions: ReadonlySet<string>, bare: boolean): Target {
  const exact = name.includes('*') ? undefined : memberOf(object, name);
  if (exact !== undefined) return pick(exact, { fill: '', conditions, bare });
  let best: { readonly key: string; readonly fill: string } | undefined;
  for (const key of Object.keys(object)) {
    const star = key.indexOf('*');
    if (star === -1 || star !== key.lastIndexOf('*')) continue;
    const tail = key.slice(star + 1);
    if (!name.startsWith(key.slice(0, star)) || !name.endsWith(tail) || name.length < key.length) continue;
    if (best === undefined || isMoreSpecific(key, best.key))
      best = { key, fill: name.slice(star, name.length - tail.length) };
  }
  return best === undefined ? undefined : pick(object[best.key] as Json, { fill: best.fill, conditions, bare });
}

/** PATTERN_KEY_COMPARE. */
function isMoreSpecific(a: string, b: string): boolean {
  const byBase = a.indexOf('*') - b.indexOf('*');
  return byBase === 0 ? a.length > b.length : byBase > 0;
}

interface Choice {
  /** What the pattern's star stands for. */
  readonly fill: string;
  readonly conditions: ReadonlySet<string>;
  /** Names of other packages are targets, too: in `imports`. */
  readonly bare: boolean;
}

/** PACKAGE_TARGET_RESOLVE. */
function pick(target: Json, choice: Choice): Target {
  return choose(target, choice, 0) ?? undefined;
}

/** `null` closes the door, as does a target that is none (it leaves the package); undefined lets the next condition try. */
function choose(target: Json, choice: Choice, depth: number): Target | null {
  if (target === null || depth > MAX_DEPTH) return null;
  if (typeof target === 'string') {
    const text = target.replaceAll('*', () => choice.fill);
    return isTarget(text, choice.bare) ? text : null;
  }
  if (Array.isArray(target)) {
    for (const item of target as readonly Json[]) {
      const found = choose(item, choice, depth + 1);
      if (found !== undefined && found !== null) return found;
    }
    return null;
  }
  const object = asObject(target);
  if (object === undefined) return undefined;
  for (const condition of Object.keys(object)) {
    if (condition !== 'default' && !choice.conditions.has(condition)) continue;
    const found = choose(object[condition] as Json, choice, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Node refuses others with ERR_INVALID_PACKAGE_TARGET. */
function isTarget(text: string, bare: boolean): boolean {
  if (!text.startsWith('./')) return bare && !/^\.{0,2}\//.test(text);
  return !/(?:^|[/\\])(?:\.\.|node_modules)(?:[/\\]|$)/.test(text.slice(2));
}
