import type { Dockerfile, Heredoc, Instruction } from '../../../src/formats/dockerfile/index.ts';

const quote = (text: string): string => JSON.stringify(text);

const heredocs = (list: readonly Heredoc[]): string[] =>
  list.map(
    (heredoc) =>
      `<<${heredoc.chomp ? '-' : ''}${heredoc.name}${heredoc.expand ? '' : ' quoted'}=${quote(heredoc.content)}`,
  );

const flag = (name: string, value: string | boolean | undefined): string[] => {
  if (value === undefined || value === false) return [];
  return [value === true ? `--${name}` : `--${name}=${quote(value)}`];
};

interface Command {
  readonly form: 'shell' | 'exec';
  readonly command: { readonly value: string };
  readonly words: readonly { readonly value: string }[];
}

const command = (line: Command): string =>
  line.form === 'shell' ? `$ ${line.command.value}` : `exec ${JSON.stringify(line.words.map(({ value }) => value))}`;

/** One line that says all that the instruction means; the corpora are written in it. */
export function summary(node: Instruction): string {
  return [node.kind, ...details(node)].join(' ');
}

function details(node: Instruction): string[] {
  switch (node.kind) {
    case 'FROM':
      return [
        ...flag('platform', node.platform),
        quote(node.image.value),
        ...(node.name === undefined ? [] : [`as ${node.name.value}`]),
      ];
    case 'RUN':
      return [
        ...node.mounts.map((mount) => `--mount=${JSON.stringify(mount.fields.map(({ text }) => text))}`),
        ...flag('network', node.network === 'default' ? undefined : node.network),
        ...flag('security', node.security === 'sandbox' ? undefined : node.security),
        ...node.devices.map((device) => `--device=${device.name}${device.required ? ' required' : ''}`),
        command(node),
        ...heredocs(node.heredocs),
      ];
    case 'CMD':
    case 'ENTRYPOINT':
    case 'SHELL':
      return [command(node)];
    case 'HEALTHCHECK':
      if (node.check.type === 'NONE') return ['NONE'];
      return [
        ...(['interval', 'timeout', 'startPeriod', 'startInterval', 'retries'] as const).flatMap((key) =>
          node.check.type === 'CMD' && node.check[key] !== 0 ? [`${key}=${node.check[key]}`] : [],
        ),
        command(node.check),
      ];
    case 'ENV':
    case 'LABEL':
      return node.pairs.map(({ key, value, legacy }) => `${key.value}${legacy ? ' ' : '='}${quote(value.value)}`);
    case 'ARG':
      return node.args.map(({ key, value }) =>
        value === undefined ? key.value : `${key.value}=${quote(value.value)}`,
      );
    case 'COPY':
    case 'ADD':
      return [
        ...flag('from', node.kind === 'COPY' ? node.from : undefined),
        ...flag('chown', node.chown),
        ...flag('chmod', node.chmod),
        ...flag('link', node.link),
        ...flag('parents', node.kind === 'COPY' && node.parents),
        ...node.exclude.flatMap((value) => flag('exclude', value)),
        ...flag('checksum', node.kind === 'ADD' ? node.checksum : undefined),
        ...(node.kind === 'ADD' && node.keepGitDir !== undefined ? [`--keep-git-dir=${node.keepGitDir}`] : []),
        ...(node.kind === 'ADD' && node.unpack !== undefined ? [`--unpack=${node.unpack}`] : []),
        ...(node.form === 'exec' ? ['exec'] : []),
        ...node.sources.map(({ value }) => quote(value)),
        ...heredocs(node.heredocs),
        `-> ${quote(node.destination.value)}`,
      ];
    case 'EXPOSE':
      return node.ports.map(({ value }) => quote(value));
    case 'VOLUME':
      return [...(node.form === 'exec' ? ['exec'] : []), ...node.paths.map(({ value }) => quote(value))];
    case 'WORKDIR':
      return [quote(node.path.value)];
    case 'USER':
      return [quote(node.user.value)];
    case 'STOPSIGNAL':
      return [quote(node.signal.value)];
    case 'MAINTAINER':
      return [quote(node.name.value)];
    default:
      return [summary(node.trigger)];
  }
}

/** Directives, then warnings, then instructions. */
export function summaries(file: Dockerfile): string[] {
  return [
    ...file.directives.map(({ name, value }) => `# ${name}=${value}`),
    ...file.warnings.map(({ rule, range }) => `! ${rule} line ${range.start.line}`),
    ...file.instructions.map(summary),
  ];
}
