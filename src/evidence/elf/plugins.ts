import { sha256 } from '../../base/digest.ts';
import { type ByteString, compareBytes, joinPath, nameOf, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { Certainty } from '../types.ts';
import type { Closure } from './closure.ts';
import { findPamOpenings } from './pam.ts';
import { isFound, type Loaded, type Opening, type PluginConfig, type PluginFindings } from './types.ts';

/** A library that loads modules by name from a folder of its own, when a program asks it to. */
interface FolderRule {
  /** The file name (or soname) of the library that opens. */
  readonly opener: RegExp;
  /** The asking object imports one of these … */
  readonly imports: readonly string[];
  /** … and one of its constants names a module in this folder beside the opener. */
  readonly folder: ByteString;
  /** The module's name for the name in the program. */
  readonly moduleOf: (name: ByteString) => ByteString;
  /** Only the program itself counts: libraries list what they can, not what they do. */
  readonly programOnly: boolean;
  /** A program that names more modules than this has a list of all that there are, and says nothing by it. */
  readonly atMost: number;
  /** Files in the same folder that the opener reads to find modules. */
  readonly index: readonly ByteString[];
  readonly what: string;
  readonly certainty: Certainty;
}

const same = (name: ByteString): ByteString => name;

const FOLDER_RULES: readonly FolderRule[] = [
  {
    opener: /^libcrypto\.so\.3/,
    imports: ['OSSL_PROVIDER_load', 'OSSL_PROVIDER_try_load', 'OSSL_PROVIDER_load_ex', 'OSSL_PROVIDER_try_load_ex'],
    folder: 'ossl-modules',
    moduleOf: same,
    programOnly: false,
    atMost: 8,
    index: [],
    what: 'OpenSSL provider',
    certainty: 'likely',
  },
  ...['engines-3', 'engines-1.1'].map((folder) => ({
    opener: /^libcrypto\.so\./,
    imports: ['ENGINE_by_id'],
    folder,
    moduleOf: same,
    programOnly: false,
    atMost: 8,
    index: [],
    what: 'OpenSSL engine',
    certainty: 'likely' as const,
  })),
  {
    // UTF-8, ASCII and UCS-4 are built into libc; all other character sets are modules.
    opener: /^libc\.so\.6$/,
    imports: ['iconv_open'],
    folder: 'gconv',
    // A word without digit or hyphen (`MIK`, `unicode`) may mean anything.
    moduleOf: (name) => (/[-\d]/.test(name) ? name.replace(/^ISO-8859-/, 'ISO8859-') : ''),
    programOnly: true,
    atMost: 8,
    index: ['gconv-modules.cache'],
    what: 'character set',
    certainty: 'guess',
  },
];

/** libc loads libgcc_s by itself to unwind the stack (sysdeps/nptl/…/unwind-forcedunwind.c, debug/backtrace.c). */
const UNWINDERS = ['pthread_cancel', 'pthread_exit', 'backtrace'];
const UNWIND_LIBRARY = 'libgcc_s.so.1';

/** What well-known libraries load at run time on behalf of `from`. Each rule asks for proof: an imported function, and where names are given, the name. */
export async function findPlugins(closure: Closure, from: Loaded): Promise<PluginFindings> {
  const imports = await closure.process.library.imports(from);
  const openings: Opening[] = [];
  const configs: PluginConfig[] = [];
  const gather = (findings: PluginFindings): void => {
    openings.push(...findings.openings);
    configs.push(...findings.configs);
  };
  for (const rule of FOLDER_RULES) {
    if (rule.programOnly && from !== closure.objects[0]) continue;
    const opener = closure.objects.find((object) => object !== from && rule.opener.test(nameOf(object.path)));
    if (opener !== undefined && rule.imports.some((name) => imports.has(name)))
      gather(await applyFolderRule(closure, from, opener, rule));
  }
  gather(await unwindLibrary(closure, from, imports));
  if (imports.has('pam_start') || imports.has('pam_start_confdir')) gather(await findPamOpenings(closure, from));
  return { openings, configs };
}

async function applyFolderRule(
  closure: Closure,
  from: Loaded,
  opener: Loaded,
  rule: FolderRule,
): Promise<PluginFindings> {
  const { library } = closure.process;
  const modules = new Map<ByteString, TreePath>();
  const folder = joinPath(parentOf(opener.entry.path), rule.folder);
  for (const entry of library.tree.children(folder))
    if (entry.path.endsWith('.so')) modules.set(nameOf(entry.path).slice(0, -'.so'.length), entry.path);
  if (modules.size === 0) return { openings: [], configs: [] };
  const names = [...modules.keys()].sort(compareBytes);
  const texts = await library.search(from, `elf ${rule.what} ${sha256(names.join('\0'))}`, async () => {
    const found = new Map<ByteString, ByteString>();
    await library.visitStrings(from, (text) => {
      const name = rule.moduleOf(text);
      if (modules.has(name) && !found.has(name)) found.set(name, text);
      return found.size < modules.size;
    });
    return [...found.values()];
  });
  const named = new Map<TreePath, ByteString>();
  for (const text of texts) {
    const path = modules.get(rule.moduleOf(text));
    if (path !== undefined) named.set(path, text);
  }
  if (named.size > rule.atMost) return { openings: [], configs: [] };
  const openings: Opening[] = [];
  for (const [path, text] of [...named].sort(([a], [b]) => compareBytes(a, b))) {
    const object = await library.open(path);
    if (object === undefined || 'broken' in object) continue;
    const because = `${rule.what} ${showPath(text)}, which ${showPath(from.entry.path)} names and ${showPath(nameOf(opener.path))} loads`;
    const found = { object, path, how: because, variants: [], through: [] };
    openings.push({ from: opener, found, because, certainty: rule.certainty });
  }
  if (openings.length === 0) return { openings, configs: [] };
  const configs = rule.index
    .map((name) => joinPath(folder, name))
    .filter((path) => library.tree.get(path) !== undefined)
    .map((to) => ({
      from: opener,
      to,
      because: `tells ${nameOf(opener.path)} where the ${rule.what} is`,
      certainty: rule.certainty,
    }));
  return { openings, configs };
}

async function unwindLibrary(
  closure: Closure,
  from: Loaded,
  imports: ReadonlySet<ByteString>,
): Promise<PluginFindings> {
  const none = { openings: [], configs: [] };
  const libc = closure.objects.find((object) => nameOf(object.path) === 'libc.so.6');
  const symbol = UNWINDERS.find((name) => imports.has(name));
  if (libc === undefined || libc === from || symbol === undefined) return none;
  const found = await closure.loader.find(UNWIND_LIBRARY, libc);
  if (!isFound(found)) return none;
  const because = `libc loads ${UNWIND_LIBRARY} for ${symbol}, which ${showPath(from.entry.path)} imports; ${found.how}`;
  return { openings: [{ from: libc, found, because, certainty: 'likely' }], configs: [] };
}
