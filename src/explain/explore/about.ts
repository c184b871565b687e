import { withoutSecretWords } from '../../base/command-secrets.ts';
import type { RunConfig } from '../../oci/types.ts';
import type { Inspection } from '../inspect.ts';
import type { About } from './types.ts';

/** What `tare inspect` says, as rows for people. A page is passed on: passwords in it are masked. */
export function aboutOf({ annotations, config, findings, os, runtimes }: Inspection): About {
  const { age, certificates, counts, libc, missing, packages, secrets, special, user } = findings;
  return {
    os,
    runtimes,
    libc,
    go: findings.go.map(({ dependencies, go, main, module, path, version }) => ({
      name: module || main || path,
      version,
      path,
      toolchain: go,
      modules: dependencies.map((item) => ({ name: item.path, version: item.version, path: item.path })),
    })),
    packages,
    user: { ...user, text: withoutSecretWords(user.text) },
    special,
    secrets,
    certificates,
    missing,
    age,
    counts,
    config: rowsOf(config.config ?? {}).flatMap(([name, values]) =>
      values.length === 0 ? [] : [[name, values.map(withoutSecretWords)] as const],
    ),
    annotations: Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

function rowsOf(config: RunConfig): readonly (readonly [name: string, values: readonly string[]])[] {
  const one = (value: string | undefined): readonly string[] => (value === undefined || value === '' ? [] : [value]);
  const words = (value: readonly string[] | null | undefined): readonly string[] =>
    value === null || value === undefined || value.length === 0 ? [] : [JSON.stringify(value)];
  return [
    ['Entrypoint', words(config.Entrypoint)],
    ['Command', words(config.Cmd)],
    ['User', [config.User === undefined || config.User === '' ? 'root (none is set)' : config.User]],
    ['Working folder', one(config.WorkingDir)],
    ['Ports', Object.keys(config.ExposedPorts ?? {})],
    ['Volumes', Object.keys(config.Volumes ?? {})],
    ['Environment', config.Env ?? []],
    ['Labels', Object.entries(config.Labels ?? {}).map(([name, value]) => `${name}=${value}`)],
    ['Health check', words(config.Healthcheck?.Test)],
    ['Stop signal', one(config.StopSignal)],
    ['Shell', words(config.Shell)],
    ['On build', config.OnBuild ?? []],
  ];
}
