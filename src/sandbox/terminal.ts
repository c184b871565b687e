import type { Host } from './host.ts';
import { findTool, runTool } from './spawn.ts';
import type { TerminalSize } from './types.ts';

const TIMEOUT_MS = 5000;

/**
 * Gives the terminal of a container another size; its programs get SIGWINCH from the kernel. crun up to 1.8 at least passes that signal on and leaves the size as
 * it is. The terminal is mounted at /dev/console (OCI runtime spec, config-linux.md, "Default Devices"), where a container without CAP_SYS_ADMIN
 * cannot put anything else. Without stty, or when the container has just ended, the size stays.
 * @param pid of the container's first process, as the host sees it
 */
export async function resizeTerminal(host: Host, pid: number, { columns, rows }: TerminalSize): Promise<void> {
  const stty = findTool('stty', host.env);
  if (stty === undefined) return;
  const size = ['cols', String(columns), 'rows', String(rows)];
  await runTool(stty, ['-F', `/proc/${pid}/root/dev/console`, ...size], { env: host.env, timeoutMs: TIMEOUT_MS });
}
