import { type ByteString, joinPath, nameOf, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { Closure } from './closure.ts';
import { openDirectly } from './folder-search.ts';
import { isFound, type Loaded, type Opening, type PluginConfig, type PluginFindings } from './types.ts';

const PAM_FOLDER = '/etc/pam.d' as TreePath;
const MAX_SERVICE_BYTES = 64 * 1024; // 64 KiB
/** Service files of one program, includes together. */
const MAX_SERVICES = 64;

/**
 * Linux-PAM reads the service file that the program names (its name is a constant of the program), else `other`, follows includes, and loads the modules
 * named there from `security/` beside libpam (pam.conf(5)).
 */
export async function findPamOpenings(closure: Closure, from: Loaded): Promise<PluginFindings> {
  const { library } = closure.process;
  const libpam = closure.objects.find((object) => nameOf(object.path).startsWith('libpam.so.'));
  const services = new Set(library.tree.children(PAM_FOLDER).map((entry) => nameOf(entry.path)));
  if (libpam === undefined || services.size === 0) return { openings: [], configs: [] };
  const wanted = new Set<ByteString>();
  await library.visitStrings(from, (text) => {
    if (services.has(text)) wanted.add(text);
    return true;
  });
  if (services.has('other')) wanted.add('other');
  const configs: PluginConfig[] = [];
  const modules = new Map<ByteString, ByteString>();
  // A Set may grow while it is walked: includes come last.
  for (const service of wanted) {
    if (configs.length >= MAX_SERVICES) break;
    const path = joinPath(PAM_FOLDER, service);
    const bytes = await library.bytes(path, MAX_SERVICE_BYTES);
    if (bytes === undefined) continue;
    configs.push({ from, to: path, because: `PAM service ${showPath(service)}`, certainty: 'likely' });
    const parsed = parsePamService(Buffer.from(bytes).toString('latin1'));
    for (const include of parsed.includes) if (services.has(include)) wanted.add(include);
    for (const module of parsed.modules) if (!modules.has(module)) modules.set(module, service);
  }
  const openings: Opening[] = [];
  for (const [module, service] of modules) {
    const path = module.startsWith('/') ? module : `${parentOf(libpam.entry.path)}/security/${module}`;
    const found = await openDirectly(closure.process, path);
    const because = `PAM module of ${PAM_FOLDER}/${showPath(service)}`;
    if (isFound(found)) openings.push({ from: libpam, found, because, certainty: 'likely' });
  }
  return { openings, configs };
}

/** `type control module arguments`, `@include service`; a control in brackets may hold spaces, a line may go on after a backslash. */
function parsePamService(text: ByteString): {
  readonly includes: readonly ByteString[];
  readonly modules: readonly ByteString[];
} {
  const includes: ByteString[] = [];
  const modules: ByteString[] = [];
  for (const raw of text.replaceAll('\\\n', ' ').split('\n')) {
    const line = (raw.split('#', 1)[0] as string).trim();
    const include = /^@include\s+(\S+)/.exec(line)?.[1];
    if (include !== undefined) includes.push(include);
    const [, control, target] = /^-?(?:auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)/.exec(line) ?? [];
    if (target === undefined) continue;
    if (control === 'include' || control === 'substack') includes.push(target);
    else modules.push(target);
  }
  return { includes, modules };
}
