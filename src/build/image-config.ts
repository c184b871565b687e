import { textOfBytes, type TreePath } from '../base/path.ts';
import { formatCount } from './words.ts';
import type { Config } from '../config/config.ts';
import type { History, ImageConfig, Platform, RunConfig } from '../oci/types.ts';
import type { Group } from '../plan/types.ts';
import type { Probe } from '../sandbox/types.ts';
import type { Start } from './start/types.ts';
import type { Warehouse } from './warehouse.ts';

export interface ConfigInput {
  readonly start: Start;
  readonly settings: Config;
  readonly workdir: TreePath;
  /** PATH. */
  readonly path: string;
  readonly user: string;
  readonly platform: Platform;
  readonly warehouse: Warehouse;
  readonly epoch: number;
  readonly title: string;
  readonly layers: readonly {
    readonly group: Group;
    readonly diffId: ImageConfig['rootfs']['diff_ids'][number];
    readonly files: number;
    readonly disk: number;
  }[];
}

/** The complete image config: what a run time needs, and an honest history line per layer. */
export function imageConfigOf(input: ConfigInput): ImageConfig {
  const created = timeOf(input.epoch);
  const exposed = exposedPorts(input.settings, input.start);
  const labels = { ...annotationsOf(input), ...input.settings.labels };
  const run: RunConfig = {
    User: input.user,
    ...(exposed.length === 0 ? {} : { ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])) }),
    Env: envOf(input),
    Entrypoint: [...input.start.entrypoint],
    ...(input.start.cmd.length === 0 ? {} : { Cmd: [...input.start.cmd] }),
    WorkingDir: textOfBytes(input.workdir),
    Labels: labels,
    StopSignal: input.settings.stopSignal ?? 'SIGTERM',
  };
  const { platform } = input;
  return {
    created,
    architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    os: platform.os,
    config: run,
    rootfs: { type: 'layers', diff_ids: input.layers.map((layer) => layer.diffId) },
    history: input.layers.map((layer): History => ({
      created,
      created_by: `tare build: ${layer.group}, ${formatCount(layer.files, 'file')}, ${layer.disk} bytes`,
    })),
  };
}

/** Also the annotations of the manifest. */
export function annotationsOf(
  input: Pick<ConfigInput, 'epoch' | 'start' | 'title' | 'warehouse'>,
): Record<string, string> {
  const { image } = input.warehouse;
  return {
    'org.opencontainers.image.created': timeOf(input.epoch),
    'org.opencontainers.image.title': input.title,
    ...(input.start.version === undefined ? {} : { 'org.opencontainers.image.version': input.start.version }),
    ...(image === undefined
      ? {}
      : {
          'org.opencontainers.image.base.name': image.reference,
          'org.opencontainers.image.base.digest': image.descriptor.digest,
        }),
  };
}

function timeOf(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z');
}

function envOf(input: ConfigInput): string[] {
  const inherited = Object.fromEntries(
    (input.warehouse.image?.config.config?.Env ?? []).map((item) => [
      item.slice(0, item.indexOf('=')),
      item.slice(item.indexOf('=') + 1),
    ]),
  );
  const { PATH: _before, ...others } = inherited;
  const merged: Record<string, string> = { PATH: input.path, ...others, ...input.start.env };
  return Object.entries(merged).map(([key, value]) => `${key}=${value}`);
}

/** What tare.yaml exposes, else what the detected command listens on, and every port that a probe talks to. */
function exposedPorts(settings: Config, start: Start): string[] {
  const probed = (settings.probes ?? []).flatMap((probe) => portOf(probe));
  return [...new Set([...(settings.expose ?? start.expose ?? []), ...probed.map((port) => `${port}/tcp`)])].sort();
}

function portOf(probe: Probe): number[] {
  if ('http' in probe) return [probe.http.port];
  return 'tcp' in probe ? [probe.tcp.port] : [];
}
