import { withoutSecretWords } from '../../../base/command-secrets.ts';
import type { RunConfig } from '../../../oci/types.ts';
import type { Outcome } from '../types.ts';
import type { MetadataTest, Wanted } from './types.ts';
import { environmentOf, verdict } from './words.ts';

const NAME = 'Metadata Test';

/** What the config says, against what it should. Values of variables and labels are not repeated, and passwords in commands are masked. */
export function metadataIs(test: MetadataTest, config: RunConfig): Outcome {
  const env = environmentOf(config);
  const labels = new Map(Object.entries(config.Labels ?? {}));
  const ports = Object.keys(config.ExposedPorts ?? {});
  const volumes = Object.keys(config.Volumes ?? {});
  const hasPort = (port: string): boolean => ports.includes(port) || ports.some((each) => each.split('/')[0] === port);
  const list = (
    what: string,
    actual: readonly string[] | null | undefined,
    wanted: readonly string[] | undefined,
  ): string[] =>
    wanted === undefined || JSON.stringify(actual ?? []) === JSON.stringify(wanted)
      ? []
      : [`${what} is ${withoutSecretWords(JSON.stringify(actual ?? []))}, not ${JSON.stringify(wanted)}`];
  const text = (what: string, actual: string | null | undefined, wanted: string | undefined): string[] =>
    wanted === undefined || (actual ?? '') === wanted
      ? []
      : [`${what} is ${JSON.stringify(actual ?? '')}, not ${JSON.stringify(wanted)}`];
  const wrong = [
    ...test.env.flatMap((wanted) => valueOf('the variable', wanted, env)),
    ...test.unboundEnv.filter((name) => env.has(name)).map((name) => `the variable ${name} is set, and should not be`),
    ...test.labels.flatMap((wanted) => valueOf('the label', wanted, labels)),
    ...list('the entry point', config.Entrypoint, test.entrypoint),
    ...list('the command', config.Cmd, test.cmd),
    ...test.exposedPorts.filter((port) => !hasPort(port)).map((port) => `port ${port} is not exposed`),
    ...test.unexposedPorts.filter(hasPort).map((port) => `port ${port} is exposed, and should not be`),
    ...test.volumes.filter((path) => !volumes.includes(path)).map((path) => `${path} is no volume`),
    ...test.unmountedVolumes
      .filter((path) => volumes.includes(path))
      .map((path) => `${path} is a volume, and should not be`),
    ...text('the working directory', config.WorkingDir, test.workdir),
    ...text('the user', config.User, test.user),
  ];
  return { ...verdict(NAME, wrong, 'the config is as it should be'), evidence: wrong.map((note) => ({ note })) };
}

function valueOf(what: string, { key, value }: Wanted, actual: ReadonlyMap<string, string>): readonly string[] {
  const found = actual.get(key);
  if (found === undefined) return [`${what} ${key} is not set`];
  if (typeof value === 'string') return found === value ? [] : [`${what} ${key} has another value`];
  const matches = value.test(found);
  if (matches === true) return [];
  return [
    `${what} ${key} ${matches === false ? 'does not match' : 'takes too long to be compared with'} /${value.text}/`,
  ];
}
