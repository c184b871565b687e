import { PackageURL } from 'packageurl-js';
import type { OperatingSystem } from '../../packages/contents.ts';
import type { Package } from '../../packages/types.ts';

/** The package URL of a package (purl-spec, PURL-TYPES); those of a distribution name it. */
export function purlOf(pkg: Package, os: OperatingSystem | null): string {
  const { manager } = pkg;
  const { name, namespace, type } = TYPES[manager](pkg, os);
  const system = manager === 'dpkg' || manager === 'apk';
  const qualifiers = {
    ...(system && pkg.architecture !== undefined ? { arch: pkg.architecture } : {}),
    ...(system && os !== null ? { distro: os.version === null ? os.id : `${os.id}-${os.version}` } : {}),
  };
  return new PackageURL(
    type,
    namespace,
    name,
    pkg.version === '' ? undefined : pkg.version,
    qualifiers,
    undefined,
  ).toString();
}

/** A run time that no package owns: `pkg:generic/node@20.1.0`; the standard library of Go has a type of its own. */
export function runtimePurl({ name, version }: { readonly name: string; readonly version: string }): string {
  const [type, id] = name === 'go' ? ['golang', 'stdlib'] : ['generic', name];
  return new PackageURL(type, undefined, id, version === '' ? undefined : version, undefined, undefined).toString();
}

interface Named {
  readonly type: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

const TYPES: Readonly<Record<Package['manager'], (pkg: Package, os: OperatingSystem | null) => Named>> = {
  dpkg: ({ name }, os) => ({ type: 'deb', namespace: os?.id ?? 'debian', name }),
  apk: ({ name }, os) => ({ type: 'apk', namespace: os?.id ?? 'alpine', name }),
  npm: ({ name }) => {
    const slash = name.startsWith('@') ? name.indexOf('/') : -1;
    return slash === -1
      ? { type: 'npm', namespace: undefined, name }
      : { type: 'npm', namespace: name.slice(0, slash), name: name.slice(slash + 1) };
  },
  python: ({ name }) => ({ type: 'pypi', namespace: undefined, name: name.toLowerCase().replaceAll(/[-_.]+/g, '-') }),
};
