import { nameOf, parentOf, textOfBytes } from '../../base/path.ts';
import { bufferOf } from './scan.ts';
import type { RuntimeRule } from './types.ts';

/** Frameworks and a file that each has: `shared/Microsoft.NETCore.App/8.0.6/System.Private.CoreLib.dll`. */
const FRAMEWORKS: ReadonlyMap<string, readonly [name: string, folder: string]> = new Map([
  ['System.Private.CoreLib.dll', ['dotnet', 'Microsoft.NETCore.App']],
  ['Microsoft.AspNetCore.dll', ['aspnetcore', 'Microsoft.AspNetCore.App']],
]);
const VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;
const CONFIG = '.runtimeconfig.json';
const MAX_CONFIG_BYTES = 1024 * 1024; // 1 MiB

/** A shared framework: the folder is named for the version. */
export const sharedFramework: RuntimeRule = {
  looks: (_entry, name) => FRAMEWORKS.has(name),
  // oxlint-disable-next-line typescript/require-await -- others do read
  read: async ({ path }) => {
    const [name, folder] = FRAMEWORKS.get(nameOf(path)) ?? ['', ''];
    const at = parentOf(path);
    const version = textOfBytes(nameOf(at));
    return nameOf(parentOf(at)) === folder && VERSION.test(version)
      ? { name, version, path: textOfBytes(at) }
      : undefined;
  },
};

/** A self-contained program carries its framework, and names it in `APP.runtimeconfig.json`. */
export const includedFramework: RuntimeRule = {
  looks: ({ size }, name) => name.endsWith(CONFIG) && size <= MAX_CONFIG_BYTES,
  read: async (entry, { content }) => {
    const version = includedVersion(bufferOf(await content.read(entry)).toString('utf8'));
    return version === undefined ? undefined : { name: 'dotnet', version, path: textOfBytes(entry.path) };
  },
};

function includedVersion(text: string): string | undefined {
  // Not parsed: it may hold comments, and one member is wanted.
  const list = /"includedFrameworks"\s*:\s*\[([^\]]*)\]/.exec(text)?.[1] ?? '';
  return /\{[^{}]*"name"\s*:\s*"Microsoft\.NETCore\.App"[^{}]*\}/
    .exec(list)?.[0]
    .match(/"version"\s*:\s*"([\w.-]{1,64})"/)?.[1];
}
