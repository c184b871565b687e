import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Bundle } from './bundle.ts';
import { unshareFlags, type Host } from './host.ts';
import { runTool } from './spawn.ts';

/** How the container's root is made out of the read-only lower folder. */
export type RootMethod = 'overlay' | 'copy';

/** Exit code of the script below when the root could not be mounted; the reason then stands in the file `fault`. */
export const MOUNT_FAILED = 125;
const FORGET_MS = 5000;

/**
 * Runs in the container's own mount namespace (and user namespace): mounts the root, then the OCI runtime, and waits. Everything that is
 * mounted, the writable layer too (a tmpfs), dies with the namespace. Descriptor 3 is a pipe from tare: when it closes (tare ended,
 * however), the container is killed, and its folder removed; before there is a container, the whole process group is. The stdin of a background job would be /dev/null, so the runtime stays in front.
 * $1 folder, $2 hide cgroup2, $3 method, $4 overlay options, $5 mode of the root folder; then the runtime and its arguments.
 */
const SCRIPT = `
cd "$1" || exit ${MOUNT_FAILED}
dir=$1 hide=$2 method=$3 options=$4 mode=$5
shift 5
umask 022
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
) </dev/null >/dev/null 2>&1 &
watcher=$!
if ! prepare 2>fault; then
  kill "$watcher" 2>/dev/null
  wait "$watcher" 2>/dev/null
  exit ${MOUNT_FAILED}
fi
"$@" 3<&-
code=$?
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
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
      ...runtimeArguments(host, bundle, 'log'),
      'run',
      '--pid-file',
      bundle.path('pid'),
      '--bundle',
      bundle.dir,
      bundle.id,
    ],
    {
      stdio: options.stdio === 'host' ? ['inherit', 'inherit', 'inherit', 'pipe'] : ['ignore', 'pipe', 'pipe', 'pipe'],
      env: host.env,
      // A session of its own: Ctrl-C reaches tare alone, which then decides what the container gets.
      detached: true,
    },
  );
}

/** Lets runc drop the cgroups of a container that nobody waited for. Whether that succeeds is no matter: they hold nothing. */
export async function forgetContainer(host: Host, bundle: Bundle): Promise<void> {
  if (host.runtime.name !== 'runc' || host.rootless || !existsSync(bundle.path('state'))) return;
  const [runtime = '', ...args] = runtimeArguments(host, bundle, 'log');
  await runTool(runtime, [...args, 'delete', '--force', bundle.id], { env: host.env, timeoutMs: FORGET_MS });
}
