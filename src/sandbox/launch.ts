import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { workerUrl } from '../base/worker-url.ts';
import type { Bundle } from './bundle.ts';
import { unshareFlags, type Host } from './host.ts';
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
const FORGET_MS = 5000;
const OBSERVER_DESCRIPTOR = 4;

/**
 * Runs in the container's own mount namespace (and user namespace): mounts the root, then the OCI runtime, and waits. Everything that is
 * mounted, the writable layer too (a tmpfs), dies with the namespace. Descriptor 3 is a pipe from tare: when it closes (tare ended,
 * however), the container is killed, and its folder removed; before there is a container, the whole process group is. The stdin of a background job would be /dev/null, so the runtime stays in front.
 * Who observes the container starts first and has descriptor 4 alone. A watcher (`notify`) tells through the FIFO `ready` when the runtime may start, and learns through `over` that it
 * has ended. With `strace`, that stands in front of the runtime.
 * $1 folder, $2 hide cgroup2, $3 method, $4 overlay options, $5 mode of the root folder, $6 notify, strace or '', $7 Node, $8 the watcher's script, $9 what it watches, $10 whether its
 * output goes through FIFOs; then the runtime and its arguments.
 * Node's pipes are sockets, and who opens /dev/stderr anew (nginx does) gets ENXIO from a socket: FIFOs can be opened.
 */
const SCRIPT = `
cd "$1" || exit ${MOUNT_FAILED}
dir=$1 hide=$2 method=$3 options=$4 mode=$5 observe=$6 node=$7 script=$8 what=$9
pipes=\${10}
shift 10
umask 022
observer=
if [ "$observe" = notify ]; then
  mkfifo over ready || exit ${MOUNT_FAILED}
  "$node" "$script" "$dir" "$what" <over >ready 2>watcher-fault 3<&- &
  observer=$!
  exec 5>over 6<ready 4<&-
fi
prepare() {
  if [ "$hide" = yes ]; then mount -t tmpfs -o size=4k none /sys/fs/cgroup/unified || return 1; fi
  mount -t tmpfs -o mode=0755 tare scratch && mkdir -m "$mode" scratch/upper && mkdir scratch/work || return 1
  if [ "$method" = overlay ]; then
    mount -t overlay -o "lowerdir=lower,upperdir=scratch/upper,workdir=scratch/work$options" overlay root && return 0
  fi
  cp -a lower/. scratch/upper && mount --bind scratch/upper root
}
(
  read -r pid <&3 && read -r _ <&3
  [ -n "$pid" ] || [ ! -s pid ] || pid=$(cat pid)
  echo >orphan
  [ -n "$pid" ] || kill -KILL 0
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
  cd / && umount -l "$dir/root" "$dir/scratch" && rm -rf "$dir"
fi
exit "$code"
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
  /** With an observer, that speaks on descriptor 4. */
  readonly observe?: ObserveOptions | undefined;
}

export interface ObserveOptions {
  readonly kind: TracerKind;
  readonly spec: TraceSpec;
  /** Where strace is. */
  readonly strace?: string | undefined;
}

/** Starts the container in the background. The child's exit code is the container's. */
export async function launch(options: LaunchOptions): Promise<ChildProcess> {
  const { host, bundle } = options;
  const script = bundle.path('launch.sh');
  await writeFile(script, SCRIPT);
  const overlayOptions = host.rootless ? ',userxattr' : ',redirect_dir=nofollow,metacopy=off';
  return spawn(
    host.tools.unshare,
    [
      ...unshareFlags(host),
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
          : (['ignore', 'pipe', 'pipe'] as const)),
        'pipe',
        ...(options.observe === undefined ? [] : (['pipe'] as const)),
      ],
      env: host.env,
      // A session of its own: Ctrl-C reaches tare alone, which then decides what the container gets.
      detached: true,
    },
  );
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
