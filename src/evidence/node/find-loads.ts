import { joinPath, nameOf, parentOf, showPath, textOfBytes, type TreePath } from '../../base/path.ts';
import type { Warning } from '../../base/events.ts';
import type { Certainty } from '../types.ts';
import { cutWarning, type Need } from './needs.ts';
import { folderAt, resolveText } from './files.ts';
import { listPattern, textMatcher } from './pattern.ts';
import type { NodeProcess } from './process.ts';
import type { Found } from './resolve.ts';
import type { Place } from './rules/index.ts';
import { WILD } from './scan/texts.ts';
import type { LoadRequest, Scan } from './scan/types.ts';

/** Packages that one computed name may mean. */
const MAX_PACKAGES = 64;
const LOADABLE = /\.(?:[cm]?js|json|node)$/;

interface Loads {
  readonly needs: Need[];
  readonly warnings: Warning[];
}

/** The modules that a source loads: those with a name, and, where the name is computed, those that it may be. */
export async function findLoads(process: NodeProcess, place: Place, scan: Scan, own: boolean): Promise<Loads> {
  const out: Loads = { needs: [], warnings: [] };
  for (const request of scan.requests) {
    if (request.kind !== 'load') continue;
    for (const specifier of request.specifiers) {
      if (specifier.includes(WILD)) await addComputed(process, place, request, specifier, own, out);
      else await addNamed(process, place, request, specifier, own, out);
    }
  }
  return out;
}

async function addNamed(
  process: NodeProcess,
  place: Place,
  request: LoadRequest,
  specifier: string,
  own: boolean,
  out: Loads,
): Promise<void> {
  const from = request.base === undefined ? place.file : (resolveText('/' as TreePath, request.base) ?? place.file);
  const resolution = await process.resolver.resolve(specifier, from, request.mode);
  const says = quoteCall(request.by, specifier);
  if (resolution.kind === 'found') {
    const certainty = request.by === 'a log transport' ? 'likely' : 'sure';
    for (const found of resolution.found) out.needs.push(...needsOf(found, says, certainty, request.line));
    return;
  }
  // Dependencies name much that they can do without (`pg-native`, `bufferutil`): only the application's own words are taken seriously.
  if (resolution.kind !== 'missing' || request.optional || !own || request.specifiers.length > 1) return;
  const path = showPath(place.file);
  const message = `${path}:${request.line} asks for ${JSON.stringify(specifier)}, which is not there`;
  out.warnings.push({ code: 'node-missing', message, path, line: request.line });
}

function needsOf(found: Found, says: string, certainty: Certainty, line: number): Need[] {
  const because = found.how === undefined ? says : `${says}, ${found.how}`;
  const sure = found.otherwise === true ? 'likely' : certainty;
  return [
    { path: found.path, kind: 'node-import', because, certainty: sure, line },
    ...found.manifests.map((path): Need => ({
      path,
      kind: 'node-import',
      because: `${says} is resolved by it`,
      certainty: sure,
      line,
    })),
  ];
}

async function addComputed(
  process: NodeProcess,
  place: Place,
  request: LoadRequest,
  specifier: string,
  own: boolean,
  out: Loads,
): Promise<void> {
  const text = specifier.startsWith('file://') ? specifier.slice('file://'.length) : specifier;
  if (/^\.{0,2}\//.test(text)) return addFolder(process, place, request, text, own, out);
  const cut = text.indexOf(WILD);
  if (cut === 0) {
    // A dependency that loads what it is handed says nothing; the application's own code means something that is here.
    if (own && !request.optional)
      out.warnings.push(
        computedWarning(place, request, 'nothing is kept for it: name it in include if it is not reached otherwise'),
      );
    return;
  }
  if (text.includes(':')) return;
  await addPackages(process, place, request, text, own, out);
}

/** `require('./routes/' + name)`: every module of the folder that fits. */
function addFolder(
  process: NodeProcess,
  place: Place,
  request: LoadRequest,
  text: string,
  own: boolean,
  out: Loads,
): void {
  const base = request.base ?? textOfBytes(place.file);
  const pattern = text.startsWith('/') ? text : joinPattern(base, text);
  const listing = listPattern(process.tree, pattern, {
    suits: (name) => LOADABLE.test(name),
    guessExtensions: request.mode === 'require',
    recursive: true,
  });
  const files = (listing?.files ?? []).filter((path) => path !== place.file);
  if (listing === undefined || files.length === 0) {
    if (own && !request.optional) out.warnings.push(computedWarning(place, request, 'no file that is here fits'));
    return;
  }
  const because = `${request.by} of a name that is computed, which starts with ${showPath(listing.folder)}`;
  for (const path of files)
    out.needs.push({ path, kind: 'node-import', because, certainty: 'guess', line: request.line });
  const kept = `${files.length === 1 ? 'the one module' : `the ${files.length} modules`} of ${showPath(listing.folder)} that fit${files.length === 1 ? 's' : ''} ${files.length === 1 ? 'is' : 'are'} kept`;
  out.warnings.push(computedWarning(place, request, kept));
  if (listing.cut) out.warnings.push(cutWarning(place, request.line, listing.folder, files.length));
}

/** `require('@img/sharp-' + platform + '/sharp.node')`: every installed package that fits, and is made for this machine. */
async function addPackages(
  process: NodeProcess,
  place: Place,
  request: LoadRequest,
  text: string,
  own: boolean,
  out: Loads,
): Promise<void> {
  const match = /^(@[^/]+\/[^/]+|[^@/][^/]*)(\/.*)?$/s.exec(text);
  if (match === null) return;
  const [, name = '', rest = ''] = match;
  if (!name.includes(WILD)) {
    const dir = searchInstalled(process, place, name)[0];
    if (dir !== undefined) addFolder(process, place, request, textOfBytes(dir) + rest, own, out);
    return;
  }
  if (rest.includes(WILD)) return;
  const before = out.needs.length;
  for (const dir of searchInstalled(process, place, name)) {
    const cut = dir.lastIndexOf('/node_modules/') + '/node_modules/'.length;
    const resolution = await process.resolver.resolve(textOfBytes(dir.slice(cut)) + rest, place.file, request.mode);
    if (resolution.kind !== 'found') continue;
    const says = `${request.by} of a name that is computed, which fits ${showPath(dir.slice(cut))}`;
    for (const found of resolution.found) out.needs.push(...needsOf(found, says, 'likely', request.line));
  }
  if (own && out.needs.length > before)
    out.warnings.push(computedWarning(place, request, 'every installed package that fits is kept'));
}

/** Folders of the nearest node_modules that holds any package of that name, in byte order. */
function searchInstalled({ tree }: NodeProcess, place: Place, name: string): TreePath[] {
  const [scope, plain] = name.startsWith('@')
    ? [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)]
    : ['', name];
  if (scope.includes(WILD)) return [];
  const matches = textMatcher(plain);
  for (let dir = parentOf(place.file); ; dir = parentOf(dir)) {
    const modules = resolveText(joinPath(dir, 'node_modules'), `./${scope}`) as TreePath;
    const folder = nameOf(dir) === 'node_modules' ? undefined : folderAt(tree, modules);
    const found = (folder === undefined ? [] : tree.children(folder.path))
      .filter((entry) => matches(textOfBytes(nameOf(entry.path))) && folderAt(tree, entry.path) !== undefined)
      .map((entry) => joinPath(modules, nameOf(entry.path)));
    if (found.length > 0) return found.slice(0, MAX_PACKAGES);
    if (dir === '/') return [];
  }
}

function joinPattern(base: string, relative: string): string {
  const parts = base.split('/').slice(1, -1);
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function computedWarning(place: Place, request: LoadRequest, what: string): Warning {
  const path = showPath(place.file);
  const message = `${path}:${request.line} computes what ${request.by} loads: ${what}`;
  return { code: 'node-dynamic-import', message, path, line: request.line };
}

function quoteCall(by: string, specifier: string): string {
  const quoted = JSON.stringify(specifier);
  return by.endsWith('()') ? `${by.slice(0, -1)}${quoted})` : `${by} ${quoted}`;
}
