import { textOfBytes } from '../../../base/path.ts';
import { asObject, memberOf, textMember } from '../manifest.ts';
import { listPattern } from '../pattern.ts';
import { WILD } from '../scan/texts.ts';
import type { Place, Rule } from './types.ts';

/**
 * `require('@mapbox/node-pre-gyp').find(packageJson)` fills in the template `binary.module_path` of package.json
 * (@mapbox/node-pre-gyp 2, lib/util/versioning.js: `evaluate`). What depends on the version of node is left open.
 */
export const nodePreGyp: Rule = {
  name: 'node-pre-gyp',
  wants: (target) =>
    target !== undefined &&
    /^(?:@mapbox\/|@discordjs\/)?node-pre-gyp(?:\/|$)/.test(target.module) &&
    target.member === 'find',
  find(_call, place) {
    const pattern = patternOf(place);
    const listing =
      pattern === undefined
        ? undefined
        : listPattern(place.tree, pattern, {
            suits: (name) => name.endsWith('.node'),
            guessExtensions: false,
            recursive: true,
          });
    return (listing?.files ?? []).map((path) => ({
      path,
      because: 'the addon that node-pre-gyp finds',
      certainty: 'likely',
    }));
  },
};

function patternOf({ manifest, target }: Place): string | undefined {
  const binary = asObject(memberOf(manifest?.json, 'binary'));
  const template = textMember(binary, 'module_path');
  const module = textMember(binary, 'module_name');
  if (manifest === undefined || template === undefined || module === undefined) return undefined;
  const version = textMember(manifest.json, 'version') ?? WILD;
  const [major = WILD, minor = WILD, patch = WILD] = version.split('.');
  const { arch, libc } = target;
  const name = textMember(manifest.json, 'name');
  const named = { name, module_name: module, version, major, minor, patch, configuration: 'Release', toolset: '' };
  const known: Readonly<Record<string, string | undefined>> = {
    ...named,
    platform: 'linux',
    target_platform: 'linux',
    arch,
    target_arch: arch,
    libc,
  };
  const filled = template.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    Object.hasOwn(known, name) ? (known[name] ?? WILD) : WILD,
  );
  return joinTemplate(textOfBytes(manifest.dir), `${filled}/${module}.node`);
}

function joinTemplate(dir: string, relative: string): string | undefined {
  const parts = relative.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : `${dir === '/' ? '' : dir}/${parts.join('/')}`;
}
