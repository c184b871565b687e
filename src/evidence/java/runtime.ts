import { type ByteString, joinPath, nameOf, parentOf, ROOT, type TreePath } from '../../base/path.ts';
import type { Entry, Tree } from '../../tree/types.ts';
import type { Certainty, Kind } from '../types.ts';
import type { Feature } from './features.ts';

/** Something of the run-time that is needed. */
export interface Part {
  readonly path: TreePath;
  readonly kind: Kind;
  readonly because: string;
  readonly certainty: Certainty;
}

/** Most files below one folder of a run-time. */
const MAX_PARTS = 20_000;
const MAX_DEPTH = 12;

/**
 * The folder that `java.home` will name: the launcher takes it from its own path (libjli, GetJREPath; libjvm, os::jvm_path). The JDK 8 has it in `jre`.
 * `file`: `bin/java`, or `libjvm.so` itself, links followed.
 */
export function findJavaHome(tree: Tree, file: TreePath): TreePath | undefined {
  let folder = parentOf(file);
  for (let up = 0; up < 5 && folder !== ROOT; up++) {
    const home = parentOf(folder);
    for (const candidate of [home, joinPath(home, 'jre')]) if (isHome(tree, candidate)) return candidate;
    folder = home;
  }
  return undefined;
}

function isHome(tree: Tree, home: TreePath): boolean {
  return ['lib/modules', 'lib/rt.jar', 'lib/modules/java.base'].some(
    (name) => tree.resolve(`${home}/${name}` as TreePath) !== undefined,
  );
}

/** Native libraries that only some programs load, by the part of the run-time that they belong to. All others are loaded by name whenever a class asks. */
const LIBRARIES: readonly (readonly [RegExp, Feature])[] = [
  [/^lib(?:awt|awt_headless|fontmanager|freetype|harfbuzz|javajpeg|jpeg|lcms|mlib_image|t2k|dcpr)\.so$/, 'desktop'],
  [/^lib(?:awt_xawt|jawt|splashscreen|atk-wrapper)\.so$/, 'window'],
  [/^libjsound(?:alsa)?\.so$/, 'sound'],
  [/^lib(?:attach|saproc)\.so$/, 'serviceability'],
  [/^libjsvml\.so$/, 'vector'],
  [/^lib(?:jdwp|dt_socket|hprof|java_crw_demo)\.so$/, 'debugger'],
];
const DATA: readonly (readonly [RegExp, Feature])[] = [
  [/^(?:psfont.*|fontconfig\..*|flavormap\.properties|images|fonts|cmm|desktop|oblique-fonts)$/, 'desktop'],
  [/^sound\.properties$/, 'sound'],
];
/** For making programs, for other tools, or to make the archives of shared classes anew. */
const WORKSHOP =
  /^(?:src\.zip|ct\.sym|jrt-fs\.jar|jfxswt\.jar|ant-javafx\.jar|dt\.jar|tools\.jar|sa-jdi\.jar|jconsole\.jar|packager\.jar|ir\.idl|classlist|jexec|jar\.binfmt|jvm\.cfg-default|jvm\.lib|orb\.idl|missioncontrol|visualvm|installed-modules.*|Xusage\.txt|.*\.(?:diz|debuginfo|debug|a))$/;
/** The folders of virtual machines, as jvm.cfg names them. */
const MACHINES = ['server', 'client', 'minimal', 'zero'];

/**
 * What of a run-time is kept: the image of its classes whole, its configuration whole, its virtual machine, and all native libraries but those of parts that
 * nothing names. Data of shared classes (`classes.jsa`) stay, for they take a third off the time to start; of their variants only the one for ordinary heaps.
 */
export function runtimeParts(
  tree: Tree,
  home: TreePath,
  options: readonly string[],
  features: ReadonlySet<Feature>,
): Part[] {
  const parts: Part[] = [];
  const machine = machineOf(tree, home, options);
  const visit = (folder: TreePath, how: Omit<Part, 'path'>, depth: number): void => {
    for (const entry of tree.children(folder)) {
      const name = nameOf(entry.path);
      if (parts.length >= MAX_PARTS || depth > MAX_DEPTH) return;
      if (how.because !== CONFIGURATION && leftOut(name, features, options)) continue;
      if (MACHINES.includes(name) && holdsMachine(tree, entry) && name !== machine) continue;
      if (entry.type === 'directory') visit(entry.path, how, depth + 1);
      else parts.push({ path: entry.path, ...how, ...special(name) });
    }
  };
  visit(joinPath(home, 'lib'), { kind: 'elf-dlopen', because: 'part of the Java run-time', certainty: 'likely' }, 0);
  visit(joinPath(home, 'conf'), { kind: 'config', because: CONFIGURATION, certainty: 'likely' }, 0);
  const release = joinPath(home, 'release');
  if (tree.get(release) !== undefined)
    parts.push({ path: release, kind: 'config', because: 'says which Java run-time this is', certainty: 'likely' });
  return parts;
}

const CONFIGURATION = 'configures the Java run-time';

function leftOut(name: ByteString, features: ReadonlySet<Feature>, options: readonly string[]): boolean {
  if (WORKSHOP.test(name)) return true;
  if (name.endsWith('.jsa')) return !keepsArchive(name, options);
  const group = [...LIBRARIES, ...DATA].find(([pattern]) => pattern.test(name));
  return group !== undefined && !features.has(group[1]);
}

/** `classes.jsa` is for compressed pointers; `_nocoops` for heaps above 32 GB and for collectors without them; `_coh` for compact object headers (JEP 450). */
function keepsArchive(name: ByteString, options: readonly string[]): boolean {
  if (options.includes('-Xshare:off')) return false;
  const on = (flag: string): boolean => options.includes(`-XX:+${flag}`);
  const variants = ['', on('UseZGC') || options.includes('-XX:-UseCompressedOops') ? '_nocoops' : '']
    .flatMap((variant) => [variant, on('UseCompactObjectHeaders') ? `${variant}_coh` : variant])
    .map((variant) => `classes${variant}.jsa`);
  return !/^classes(?:_|\.jsa$)/.test(name) || variants.includes(name);
}

function holdsMachine(tree: Tree, entry: Entry): boolean {
  return entry.type === 'directory' && tree.get(joinPath(entry.path, 'libjvm.so')) !== undefined;
}

/** `-server`, `-client`, `-zero` …; by default the server's, when there is one. */
function machineOf(tree: Tree, home: TreePath, options: readonly string[]): string | undefined {
  const folders = tree
    .children(joinPath(home, 'lib'))
    .flatMap((entry) => (entry.type === 'directory' ? [entry, ...tree.children(entry.path)] : []));
  const there = new Set(folders.filter((entry) => holdsMachine(tree, entry)).map((entry) => nameOf(entry.path)));
  const asked = MACHINES.find((name) => options.includes(`-${name}`) && there.has(name));
  return asked ?? MACHINES.find((name) => there.has(name));
}

function special(name: ByteString): Partial<Part> {
  if (/^(?:modules|rt\.jar)$/.test(name))
    return { kind: 'opened', because: 'the classes of the Java run-time', certainty: 'sure' };
  if (/^lib(?:jvm|java|jimage|zip|verify|jli)\.so$/.test(name))
    return { because: 'the Java virtual machine loads it', certainty: 'sure' };
  if (name === 'jvm.cfg') return { kind: 'config', because: 'says which virtual machine to load', certainty: 'sure' };
  if (name === 'tzdb.dat') return { kind: 'opened', because: 'the time zones of java.time', certainty: 'likely' };
  if (name.endsWith('.jsa'))
    return { kind: 'opened', because: 'classes that are shared by all machines: a faster start', certainty: 'likely' };
  return name.endsWith('.so') ? { because: 'classes of the run-time load it by name' } : { kind: 'config' };
}
