import { HIDDEN, withoutSecretWords } from '../base/command-secrets.ts';
import type { IndexInspection, InspectedIndex, Inspection } from '../explain/inspect.ts';
import type { Healthcheck, RunConfig } from '../oci/types.ts';
import { findingBlocks, findingFacts, worthALook } from './findings.ts';
import { formatSize, plural, shortDigest } from './format.ts';
import { onOneLine } from './printable.ts';
import type { Style } from './style.ts';
import { formatTable } from './table.ts';
import { shortened, wrapped } from './wrap.ts';

const NAME_COLUMNS = 10;
/** Where values begin. */
const INDENT = NAME_COLUMNS + 3;
/** Room for everything beside the last column of the layers, in columns. */
const OTHER_COLUMNS = 53;
const BASE_NAME = 'org.opencontainers.image.base.name';

/** What an image is, for people: all that its config holds. */
export function inspectText(image: Inspection): (style: Style) => string {
  return (style) => {
    const facts = factsOf(image).filter(([, value]) => value !== '');
    const { [BASE_NAME]: _base, ...annotations } = image.annotations;
    const run = image.config.config ?? {};
    return [
      style.bold(onOneLine(image.reference)),
      `  ${image.digest}`,
      ...facts.map(([name, value]) =>
        wrapped(`  ${style.dim(name.padEnd(NAME_COLUMNS))} ${shown(value)}`, style, INDENT),
      ),
      ...block('platforms', platformsOf(image.index), style),
      ...block('env', masked(run.Env ?? [], 'config.Env', image), style),
      ...block('labels', masked(pairs(run.Labels ?? {}), 'config.Labels', image), style),
      ...block('annotations', pairs(annotations), style),
      ...block('on build', listOf(run.OnBuild), style),
      ...block('more', moreOf(run), style),
      ...findingBlocks(image).flatMap(([title, lines]) => block(title, lines, style)),
      '',
      image.layers.length === 0 ? style.dim(`  ${plural(0, 'layer')}`) : layerTable(image, style),
      ...worthALook(image, style),
    ].join('\n');
  };
}

/** Without what stands in commands, too. */
const shown = (text: string): string => onOneLine(withoutSecretWords(text));

/** Without the values of what was found to be a secret: a terminal has onlookers. */
function masked(list: readonly string[], where: string, { findings }: Inspection): readonly string[] {
  const secret = new Set(findings.secrets.map(({ path }) => path));
  return list.map((pair) => {
    const [name = ''] = pair.split('=', 1);
    return secret.has(`${where} ${name}`) ? `${name}=${HIDDEN}` : pair;
  });
}

function factsOf(image: Inspection): readonly (readonly [name: string, value: string])[] {
  const { config, platform, size } = image;
  const run = config.config ?? {};
  const { disk, wire } = size;
  return [
    ['platform', [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/')],
    ['size', `${formatSize(disk)} on disk, ${formatSize(wire)} on the wire, ${plural(image.files, 'file')}`],
    ['created', image.created ?? ''],
    ['author', config.author ?? ''],
    ...findingFacts(image),
    ['entrypoint', argv(run.Entrypoint)],
    ['cmd', argv(run.Cmd)],
    ['shell', argv(run.Shell)],
    ['workdir', run.WorkingDir === undefined || run.WorkingDir === '' ? '/' : run.WorkingDir],
    ['ports', Object.keys(run.ExposedPorts ?? {}).join(', ')],
    ['volumes', Object.keys(run.Volumes ?? {}).join(', ')],
    ['stop', run.StopSignal ?? ''],
    ['health', run.Healthcheck === undefined ? '' : healthText(run.Healthcheck)],
    ['base', image.annotations[BASE_NAME] ?? ''],
  ];
}

/** An index whose images are of other platforms. */
export function inspectIndexText({ digest, index, mediaType, reference }: IndexInspection): (style: Style) => string {
  return (style) =>
    [
      style.bold(onOneLine(reference)),
      `  ${digest}`,
      `  ${style.dim('index'.padEnd(NAME_COLUMNS))} ${onOneLine(mediaType)}`,
      ...block('platforms', platformsOf(index), style),
      ...block('annotations', pairs(index.annotations ?? {}), style),
    ].join('\n');
}

function platformsOf(index: InspectedIndex | undefined): readonly string[] {
  return (index?.manifests ?? []).flatMap(({ annotations = {}, digest, osVersion, platform }) =>
    platform === null ? [] : [[platform.padEnd(14), digest, osVersion ?? [], ...pairs(annotations)].flat().join(' ')],
  );
}

function block(title: string, lines: readonly string[], style: Style): string[] {
  if (lines.length === 0) return [];
  return [`  ${style.dim(title)}`, ...lines.map((line) => wrapped(`    ${shown(line)}`, style, 6))];
}

const pairs = (map: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(map).map(([name, value]) => `${name}=${value}`);

/** What is not read by anybody here may have any shape. */
function listOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value)
    ? value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
    : [JSON.stringify(value)];
}

const SHOWN: readonly string[] = [
  'ArgsEscaped',
  'Cmd',
  'Entrypoint',
  'Env',
  'ExposedPorts',
  'Healthcheck',
  'Labels',
  'OnBuild',
  'Shell',
  'StopSignal',
  'User',
  'Volumes',
  'WorkingDir',
];

/** Members that the image specification does not know, where they say anything: docker writes `Hostname: ""` and the like. */
function moreOf(run: RunConfig): readonly string[] {
  return Object.entries(run)
    .filter(([key, value]) => !SHOWN.includes(key) && value !== '' && value !== false && value !== null)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
}

/** As `HEALTHCHECK` of a Dockerfile has it. */
function healthText({ Interval, Retries, StartPeriod, Test = [], Timeout }: Healthcheck): string {
  const [kind = '', ...words] = Test;
  const command = kind === 'NONE' ? 'none: switched off' : kind === 'CMD-SHELL' ? words.join(' ') : argv(words);
  const notes = [
    ...(Interval === undefined || Interval === 0 ? [] : [`every ${secondsText(Interval)}`]),
    ...(Timeout === undefined || Timeout === 0 ? [] : [`within ${secondsText(Timeout)}`]),
    ...(StartPeriod === undefined || StartPeriod === 0 ? [] : [`first after ${secondsText(StartPeriod)}`]),
    ...(Retries === undefined || Retries === 0 ? [] : [plural(Retries, 'retry', 'retries')]),
  ];
  return [command, ...(notes.length === 0 ? [] : [`(${notes.join(', ')})`])].filter(Boolean).join(' ');
}

/** @param nanoseconds as the config has them */
const secondsText = (nanoseconds: number): string => `${nanoseconds / 1e9} s`;

function layerTable({ layers }: Inspection, style: Style): string {
  return formatTable(
    [
      { title: '  layer', align: 'right' },
      { title: 'digest' },
      { title: 'disk', align: 'right' },
      { title: 'wire', align: 'right' },
      { title: 'paths', align: 'right' },
      { title: 'made by' },
    ],
    layers.map((layer, index) => [
      String(index),
      shortDigest(layer.digest),
      formatSize(layer.disk),
      formatSize(layer.wire),
      String(layer.members),
      shortened(madeBy(layer.createdBy ?? ''), style, Math.max(16, style.width - OTHER_COLUMNS)),
    ]),
    style.dim,
  );
}

/** One line, without what docker's classic builder put in front of everything that is no RUN. */
const madeBy = (text: string): string => onOneLine(text.replace(/\s+/g, ' ').replace(/^\/bin\/sh -c #\(nop\) +/, ''));

function argv(words: readonly string[] | null | undefined): string {
  return (words ?? []).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}
