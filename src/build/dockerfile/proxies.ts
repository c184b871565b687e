import { PROXY_ARGS } from '../../formats/dockerfile/build-args.ts';
import type { DockerfileOptions } from './types.ts';

/** What the environment and `--build-arg` say of proxies, as `NAME=value`: processes see it, and nothing of it is kept. */
export function proxiesOf({ buildArgs, environment }: DockerfileOptions): readonly string[] {
  return PROXY_ARGS.flatMap((name) => {
    const value = buildArgs?.get(name) ?? environment[name];
    return value === undefined || value === '' ? [] : [`${name}=${value}`];
  });
}
