import { TareError } from '../base/error.ts';
import type { Image } from '../oci/types.ts';
import type { Mount, Network, RunSpec, TerminalSize } from '../sandbox/types.ts';

/** What a user may want differently from the image's own config. */
export interface RunOverrides {
  /** In place of Cmd. */
  readonly args?: readonly string[];
  /** In place of Entrypoint; the image's Cmd is dropped then, as with other engines. */
  readonly entrypoint?: readonly string[];
  /** `NAME=value`, over the image's own. */
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  /** Default: a network of its own without any published port. */
  readonly network?: Network;
  readonly mounts?: readonly Mount[];
  readonly readOnly?: boolean;
  /** Default: pipe. */
  readonly stdio?: RunSpec['stdio'];
  readonly hostname?: string;
  readonly terminal?: TerminalSize;
}

/**
 * How an image wants to be run (image-spec config.md): Entrypoint and Cmd, Env, User, WorkingDir, StopSignal.
 * @throws TareError E_ENTRYPOINT when there is nothing to start
 */
export function runSpecOf(image: Image, rootfs: string, overrides: RunOverrides = {}): RunSpec {
  const config = image.config.config ?? {};
  const own = overrides.entrypoint === undefined ? (config.Cmd ?? []) : [];
  const args = [...(overrides.entrypoint ?? config.Entrypoint ?? []), ...(overrides.args ?? own)];
  if (args.length === 0)
    throw new TareError('E_ENTRYPOINT', `${image.reference} has neither an entry point nor a command`, {
      hint: 'name the program after the image, or set `entrypoint` in tare.yaml',
    });
  return {
    rootfs,
    args,
    env: [...(config.Env ?? []), ...(overrides.env ?? [])],
    cwd: overrides.workdir ?? (config.WorkingDir === undefined || config.WorkingDir === '' ? '/' : config.WorkingDir),
    user: overrides.user ?? config.User ?? '',
    readOnly: overrides.readOnly ?? false,
    network: overrides.network ?? { kind: 'private', publish: [] },
    mounts: overrides.mounts ?? [],
    stdio: overrides.stdio ?? 'pipe',
    ...(config.StopSignal === undefined || config.StopSignal === '' ? {} : { stopSignal: config.StopSignal }),
    ...(overrides.terminal === undefined ? {} : { terminal: overrides.terminal }),
    ...(overrides.hostname === undefined ? {} : { hostname: overrides.hostname }),
  };
}

/** The TCP ports that the image says it listens on, ascending. */
export function exposedPorts(image: Image): readonly number[] {
  const ports = Object.keys(image.config.config?.ExposedPorts ?? {}).flatMap((key) => {
    const match = /^(\d{1,5})(?:\/tcp)?$/i.exec(key);
    const port = Number(match?.[1] ?? 0);
    return port >= 1 && port <= 65535 ? [port] : [];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}
