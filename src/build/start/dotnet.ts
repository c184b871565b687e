import { TareError } from '../../base/error.ts';
import { joinPath, nameOf, quotePath, type TreePath } from '../../base/path.ts';
import { fileAt, readText } from '../../evidence/node/files.ts';
import type { Runtime } from '../runtimes/types.ts';
import { fileWord, ownStart, portFor, runtimeStart } from './programs.ts';
import type { Detector, Start, StartInput } from './types.ts';

const SETTINGS = '.runtimeconfig.json';
const MAX_SETTINGS_BYTES = 1024 * 1024; // 1 MiB
/** Where Kestrel listens in Microsoft's own images, and what needs no privilege. */
const PORT = 8080;

/** A folder that `dotnet publish` wrote: the only NAME.runtimeconfig.json with its NAME.dll. */
export const fromDotnet: Detector = async (input) => {
  const { app, tree } = input;
  const found = tree
    .children(app)
    .filter((entry) => entry.path.endsWith(SETTINGS))
    .map((entry) => entry.path.slice(0, -SETTINGS.length))
    .filter((base) => fileAt(tree, `${base}.dll` as TreePath) !== undefined);
  const [only] = found;
  if (only === undefined) return undefined;
  if (found.length > 1) {
    const names = found.map((base) => quotePath(`${nameOf(base as TreePath)}.dll`)).join(', ');
    throw new TareError('E_AMBIGUOUS_ENTRY', `the folder holds several .NET applications: ${names}`, {
      hint: 'say which one: `tare build --entry NAME.dll`, or `entry:` in tare.yaml',
    });
  }
  return started(input, `${only}.dll` as TreePath, `${nameOf(only as TreePath)}${SETTINGS}`);
};

/** An assembly that the user names. */
export function dotnetEntry(input: StartInput, path: TreePath): Promise<Start> {
  return started(input, path, '--entry');
}

async function started(input: StartInput, assembly: TreePath, because: string): Promise<Start> {
  const { app, config } = input;
  const settings = await settingsOf(input, assembly);
  const name = nameOf(assembly).replace(/\.dll$/, '');
  const isWeb = settings.some((framework) => framework === 'Microsoft.AspNetCore.App');
  const port = portFor(config, PORT);
  // Told otherwise, it listens elsewhere, and only who told it knows where.
  const told = ['ASPNETCORE_URLS', 'ASPNETCORE_HTTP_PORTS', 'URLS'].some((key) => config.env?.[key] !== undefined);
  const web = isWeb && !told ? { env: { ASPNETCORE_URLS: `http://+:${port}` }, expose: [`${port}/tcp`] } : {};
  // Self-contained: the run time lies beside it, and the host is its own.
  const host = joinPath(app, name);
  if (settings.length === 0 && fileAt(input.tree, host) !== undefined)
    return { ...ownStart(host, because), name, ...web };
  return runtimeStart(runtimeFor(input), [fileWord(app, assembly)], { because, module: assembly, name, ...web });
}

/** The shared frameworks that it asks for; none when it brings its own. */
async function settingsOf({ content, tree }: StartInput, assembly: TreePath): Promise<string[]> {
  const file = fileAt(tree, assembly.replace(/\.dll$/, SETTINGS) as TreePath);
  if (file === undefined || file.size > MAX_SETTINGS_BYTES) return [];
  try {
    const value = JSON.parse(await readText(content, file)) as {
      runtimeOptions?: { framework?: { name?: unknown }; frameworks?: unknown };
    } | null;
    const { framework, frameworks } = value?.runtimeOptions ?? {};
    const all = [framework, ...(Array.isArray(frameworks) ? (frameworks as { name?: unknown }[]) : [])];
    return all.flatMap((item) => (typeof item?.name === 'string' ? [item.name] : []));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TareError('E_JSON', `${quotePath(file.path)} is not JSON`, {
      hint: 'publish the application again: `dotnet publish -c Release`',
      cause: error,
    });
  }
}

function runtimeFor({ runtimes, searchPath }: StartInput): Runtime {
  if (runtimes.dotnet !== undefined) return runtimes.dotnet;
  throw new TareError(
    'E_NO_RUNTIME',
    `the application needs .NET, and the warehouse has no \`dotnet\` in ${searchPath.join(':')} or the usual places`,
    { hint: 'install the .NET run time, set DOTNET_ROOT, or take it from an image: `tare build --from IMAGE`' },
  );
}
