import type { Inspection } from '../explain/inspect.ts';
import { formatSize, plural, shortDigest } from './format.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';

/** What an image is, for people. */
export function inspectText(image: Inspection): (style: Style) => string {
  return (style) => {
    const run = image.config.config ?? {};
    const facts: readonly (readonly [name: string, value: string])[] = [
      ['platform', [image.platform.os, image.platform.architecture, image.platform.variant].filter(Boolean).join('/')],
      ['size', `${formatSize(image.size.disk)} on disk, ${formatSize(image.size.wire)} on the wire`],
      ['created', image.created ?? ''],
      ['system', image.os === null ? 'none' : [image.os.id, image.os.version].filter(Boolean).join(' ')],
      ['run times', image.runtimes.map((item) => `${item.name} ${item.version} (${item.path})`).join(', ')],
      ['entrypoint', argv(run.Entrypoint)],
      ['cmd', argv(run.Cmd)],
      ['user', run.User ?? 'root'],
      ['workdir', run.WorkingDir ?? '/'],
      ['ports', Object.keys(run.ExposedPorts ?? {}).join(', ')],
      ['volumes', Object.keys(run.Volumes ?? {}).join(', ')],
      ['stop', run.StopSignal ?? ''],
      ['base', image.annotations['org.opencontainers.image.base.name'] ?? ''],
    ];
    const table = formatTable(
      [
        { title: '  layer', align: 'right' },
        { title: 'digest' },
        { title: 'disk', align: 'right' },
        { title: 'wire', align: 'right' },
        { title: 'paths', align: 'right' },
        { title: 'made by' },
      ],
      image.layers.map((layer, index) => [
        String(index),
        shortDigest(layer.digest),
        formatSize(layer.disk),
        formatSize(layer.wire),
        String(layer.members),
        (layer.createdBy ?? '').replace(/\s+/g, ' ').slice(0, Math.max(20, style.width - 56)),
      ]),
      style.dim,
    );
    const environment = (run.Env ?? []).map((item) => `    ${item}`);
    return [
      style.bold(image.reference),
      `  ${image.digest}`,
      ...facts.filter(([, value]) => value !== '').map(([name, value]) => `  ${style.dim(name.padEnd(10))} ${value}`),
      ...(environment.length === 0 ? [] : [`  ${style.dim('env')}`, ...environment]),
      '',
      image.layers.length === 0 ? style.dim(`  ${plural(0, 'layer')}`) : table,
    ].join('\n');
  };
}

function argv(words: readonly string[] | null | undefined): string {
  return (words ?? []).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}
