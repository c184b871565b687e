import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { workerUrl } from '../base/worker-url.ts';
import type { Bundle } from './bundle.ts';
import { rootFlags, unshareFlags, type Host } from './host.ts';
import type { Layout } from './layout.ts';
import { runTool } from './spawn.ts';
import { straceArguments } from './trace/strace-observer.ts';
import type { TracerKind } from './trace/tracer-kind.ts';
import type { TraceSpec } from './trace/types.ts';

/** How the container's root is made out of the read-only lower folder. */
export type RootMethod = 'overlay' | 'copy';

/** Exit code of the script below when the root could not be mounted; the reason then stands in the file `fault`. */
export const MOUNT_FAILED = 125;
/** The same for a watcher that cannot watch; the reason comes over its stream, or stands in the file `watcher-fault`. */
const WATCHER_FAILED = 124;
/** What the watchman is told in place of an id when tare gives up, and removes the folder itself. */
export const STOP = 'stop';
const FORGET_MS = 5000;
const OBSERVER_DESCRIPTOR = 4;

/**
 * Runs in the container's own mount namespace (and user namespace): mounts the root, then the OCI runtime, and waits. Everything that is
 * mounted, the writable layer too (a tmpfs), dies with the namespace. Descriptor 3 is a pipe from tare: when it closes (tare ended,
 * however), the container is killed, and its folder removed; before there is a container, the whole process group is, by one that is not of it. The stdin of a background job would be /dev/null, so the runtime stays in front.
 * Who observes the container starts first and has descriptor 4 alone. A watcher (`notify`) tells through the FIFO `ready` when the runtime may start, and learns through `over` that it
 * has ended. With `strace`, that stands in front of the runtime.
 * $1 folder, $2 hide cgroup2, $3 method, $4 overlay options, $5 mode of the root folder, $6 notify, strace or '', $7 Node, $8 the watcher's script, $9 what it watches, $10 whether its
 * output goes through FIFOs, $11 the root's lower folders, $12 whether its changes are kept, $13 whether there are views or secrets, $14 the ids, $15 the shell; then the runtime and its arguments.
 * Views stand in the file of that name; secrets come as lines on stdin, so that they never are on a disk, and go into a file system in memory.
 * Kept changes are not flushed (overlayfs, "Volatile mount"): an unmount would wait for the disk to take all that the disk's file system has.
 * Node's pipes are sockets, and who opens /dev/stderr anew (nginx does) gets ENXIO from a socket: FIFOs can be opened.
 */
const SCRIPT = `
cd "$1" || exit ${MOUNT_FAILED}
dir=$1 hide=$2 method=$3 options=$4 mode=$5 observe=$6 node=$7 script=$8 what=$9
pipes=\${10} lowers=\${11} keep=\${12} more=\${13} ids=\${14} sh=\${15}
shift 15
umask 022
export LIBMOUNT_FORCE_MOUNT2=always
observer=
if [ "$observe" = notify ]; then
  mkfifo over ready || exit ${MOUNT_FAILED}
  "$node" "$script" "$dir" "$what" <over >ready 2>watcher-fault 3<&- &
  observer=$!
  exec 5>over 6<ready 4<&-
fi
prepare() {
  if [ "$hide" = yes ]; then mount -t tmpfs -o size=4k none /sys/fs/cgroup/unified || return 1; fi
  if [ "$keep" = no ] || [ "$more" = yes ]; then
    mount -t tmpfs -o mode=0755 tare scratch || return 1
  fi
  if [ "$more" = yes ]; then
    while read -r name folders changes; do
      mkdir "scratch/$name" || return 1
      overlay "scratch/$name" "$folders" "$changes" || return 1
    done <views
    while read -r name bits owner data; do
      (umask 077 && printf %s "$data" | base64 -d >"scratch/$name") && chmod "$bits" "scratch/$name" || return 1
      # Where one id is all there is, it stays with that.
      chown "$owner" "scratch/$name" || [ "$ids" = single ] || return 1
    done
  fi
  [ "$more" = no ] || exec </dev/null
  if [ "$keep" = yes ]; then
    overlay root "$lowers" changes
    return
  fi
  mkdir -m "$mode" scratch/upper && mkdir scratch/work || return 1
  if [ "$method" = overlay ]; then
    mount -t overlay -o "lowerdir=$lowers,upperdir=scratch/upper,workdir=scratch/work$options" overlay root && return 0
  fi
  cp -a l0/. scratch/upper && mount --bind scratch/upper root
}
overlay() {
  if [ -z "$3" ]; then
    mount -t overlay -o "ro,lowerdir=$2$options" overlay "$1"
    return
  fi
  [ -d "$3/upper" ] || mkdir -m "$mode" "$3/upper" || return 1
  [ -d "$3/work" ] || mkdir "$3/work" || return 1
  dirs="lowerdir=$2,upperdir=$3/upper,workdir=$3/work$options"
  mount -t overlay -o "$dirs,volatile" overlay "$1" 2>/dev/null || mount -t overlay -o "$dirs" overlay "$1"
}
clear() {
  read -r _ _ _ _ group _ </proc/self/stat
  exec setsid "$sh" "$dir/clear.sh" "$dir" "$group" "$$" "$pid"
}
(
  read -r pid <&3 && read -r _ <&3
  case $pid in '' | ${STOP}) [ ! -s pid ] || pid=$(cat pid) ;; esac
  [ -n "$pid" ] && [ "$pid" != ${STOP} ] || clear
  echo >orphan
  while kill -0 "$$"; do
    kill -KILL "$pid"
    sleep 0.05
  done
) </dev/null >/dev/null 2>&1 4<&- 5<&- 6<&- &
watchman=$!
fail() {
  kill "$watchman" 2>/dev/null
  wait "$watchman" 2>/dev/null
  exit "$1"
}
prepare 2>fault || fail ${MOUNT_FAILED}
if [ "$observe" = notify ]; then
  read -r _ <&6 || fail ${WATCHER_FAILED}
fi
if [ "$pipes" = yes ] && mkfifo -m 666 out err; then
  cat <out 3<&- 4<&- 5<&- 6<&- &
  cats=$!
  cat <err >&2 3<&- 4<&- 5<&- 6<&- &
  cats="$cats $!"
  "$@" >out 2>err 3<&- 5<&- 6<&-
  code=$?
  wait $cats
else
  "$@" 3<&- 5<&- 6<&-
  code=$?
fi
if [ -n "$observer" ]; then
  exec 5<&-
  wait "$observer" 2>/dev/null
fi
kill "$watchman" 2>/dev/null
wait "$watchman" 2>/dev/null
if [ -e orphan ]; then
  cd / && umount -l "$dir/root" && { [ "$keep$more" = yesno ] || umount -l "$dir/scratch"; } && rm -rf "$dir"
fi
exit "$code"
`;

/**
 * Ends a process group that is not its own, with all below it, and removes their folder. A runtime gives its container a session of its own, and tells
 * who that is only later: so the group is stopped first, when no more can be begun, and looked through for children. What a runtime that has ended meanwhile
 * did tell (runc in its state, before the pid file) is ended as well.
 * Dead ones that init is slow to collect are not waited for. The leader goes last: its end is what a tare that is still there waits for, and that removes the
 * folder itself. $1 folder, $2 group, $3 its leader, $4 what such a tare has said.
 */
const CLEAR = `
cd "$1" || exit 0
table() {
  sed -n 's/^\\([0-9]*\\) (.*) [^XZ] \\([0-9]*\\) \\([0-9]*\\) .*/\\1 \\2 \\3/p' /proc/[0-9]*/stat
}
below() {
  found=' ' more=yes
  while [ "$more" = yes ]; do
    more=no
    while read -r pid parent group; do
      case $found in *" $pid "*) continue ;; esac
      [ "$pid" != "$$" ] || continue
      case $found in *" $parent "*) group=$1 ;; esac
      [ "$group" = "$1" ] || continue
      found="$found$pid " more=yes
    done <<TABLE
$2
TABLE
  done
  echo "$found"
}
container() {
  cat pid
  sed -n 's/.*"init_process_pid":\\([0-9][0-9]*\\).*/\\1/p' state/*/state.json
}
left=25 going=yes
while [ "$left" -gt 0 ] && [ "$going" = yes ]; do
  going=no
  kill -s STOP -- "-$2" && sleep 0.02
  for pid in $(below "$2" "$(table)") $(container); do
    [ "$pid" = "$3" ] || { kill -s KILL "$pid" && going=yes; }
  done
  left=$((left - 1))
  sleep 0.02
done
if [ -z "$4" ]; then
  cd / && umount -l "$1/root"
  umount -l "$1/scratch"
  rm -rf "$1"
fi
kill -s KILL "$3"
`;

/** Global arguments of the runtime for one bundle: its state stays in the bundle's folder. */
export function runtimeArguments(host: Host, bundle: Bundle, log: string): readonly string[] {
  return [
    host.runtime.path,
    '--root',
    bundle.path('state'),
    '--log',
    bundle.path(log),
    '--log-format',
    'json',
    // No limits are set, so no cgroup is needed; crun can do without, runc makes the ones that it may.
    ...(host.runtime.name === 'crun' ? ['--cgroup-manager=disabled'] : host.rootless ? ['--rootless', 'true'] : []),
  ];
}

export interface LaunchOptions {
  readonly host: Host;
  readonly bundle: Bundle;
  readonly method: RootMethod;
  /** Permission bits of the root folder itself. */
  readonly rootMode: number;
  readonly stdio: 'host' | 'pipe';
  readonly layout: Layout;
  /** Where the container is to be, when it is there already. */
  readonly userNamespace?: string | undefined;
  /** With an observer, that speaks on descriptor 4. */
  readonly observe?: ObserveOptions | undefined;
}

export interface ObserveOptions {
  readonly kind: TracerKind;
  readonly spec: TraceSpec;
  /** Where strace is. */
  readonly strace?: string | undefined;
}

/** What makes the namespaces of one container: within a user namespace that is there already, a mount namespace alone. */
function namespacesOf(host: Host, userNamespace: string | undefined): readonly [string, ...string[]] {
  const { nsenter, unshare } = host.tools;
  if (userNamespace === undefined) return [unshare, ...unshareFlags(host)];
  return [nsenter, `--user=${userNamespace}`, '--preserve-credentials', '--', unshare, ...rootFlags()];
}

/** Starts the container in the background. The child's exit code is the container's. */
export function launch(options: LaunchOptions): ChildProcess {
  const { host, bundle, layout } = options;
  const script = bundle.path('launch.sh');
  const hasMore = layout.views.length > 0 || layout.secrets.length > 0;
  writeFileSync(script, SCRIPT);
  writeFileSync(bundle.path('clear.sh'), CLEAR);
  if (hasMore) writeFileSync(bundle.path('views'), layout.views.map((line) => `${line}\n`).join(''));
  const overlayOptions = host.rootless ? ',userxattr' : ',redirect_dir=nofollow,metacopy=off';
  const [tool, ...flags] = namespacesOf(host, options.userNamespace);
  const child = spawn(
    tool,
    [
      ...flags,
      '--',
      host.tools.sh,
      script,
      bundle.dir,
      host.hybridCgroups && host.runtime.name === 'crun' ? 'yes' : 'no',
      options.method,
      overlayOptions,
      (options.rootMode & 0o7777).toString(8),
      ...observerArguments(options.observe),
      options.stdio === 'pipe' ? 'yes' : 'no',
      layout.lowers,
      layout.keepsChanges ? 'yes' : 'no',
      hasMore ? 'yes' : 'no',
      host.ids,
      host.tools.sh,
      ...straceInFront(options.observe, OBSERVER_DESCRIPTOR),
      ...runtimeArguments(host, bundle, 'log'),
      'run',
      '--pid-file',
      bundle.path('pid'),
      '--bundle',
      bundle.dir,
      bundle.id,
    ],
    {
      stdio: [
        ...(options.stdio === 'host'
          ? (['inherit', 'inherit', 'inherit'] as const)
          : ([layout.secrets.length > 0 ? 'pipe' : 'ignore', 'pipe', 'pipe'] as const)),
        'pipe',
        ...(options.observe === undefined ? [] : (['pipe'] as const)),
      ],
      env: host.env,
      // A session of its own: Ctrl-C reaches tare alone, which then decides what the container gets.
      detached: true,
    },
  );
  // The script may end before it has read all.
  child.stdin?.on('error', () => undefined);
  if (options.stdio === 'pipe') child.stdin?.end(layout.secrets.map((line) => `${line}\n`).join(''));
  return child;
}

function observerArguments(observe: ObserveOptions | undefined): readonly string[] {
  if (observe === undefined) return ['', '', '', ''];
  const script = fileURLToPath(workerUrl(import.meta.url, './trace/watcher'));
  return [observe.kind, process.execPath, script, observe.spec.syscalls ? 'syscalls' : 'paths'];
}

/** What stands in front of a runtime, for its own calls and those of what it starts to be seen. Empty with a watcher: the filter does it. */
export function straceInFront(observe: ObserveOptions | undefined, descriptor: number): readonly string[] {
  if (observe?.kind !== 'strace') return [];
  return [observe.strace ?? 'strace', ...straceArguments(observe.spec, descriptor)];
}

/** Lets runc drop the cgroups of a container that nobody waited for. Whether that succeeds is no matter: they hold nothing. */
export async function forgetContainer(host: Host, bundle: Bundle): Promise<void> {
  if (host.runtime.name !== 'runc' || host.rootless || !existsSync(bundle.path('state'))) return;
  const [runtime = '', ...args] = runtimeArguments(host, bundle, 'log');
  await runTool(runtime, [...args, 'delete', '--force', bundle.id], { env: host.env, timeoutMs: FORGET_MS });
}
