import { posix } from 'node:path';
import { TareError } from '../../base/error.ts';
import { pathOfText } from '../../base/path.ts';
import type { Vertex } from '../types.ts';
import type { EngineClient } from './client.ts';
import { GRPC, shownText, statusOf } from './errors.ts';
import type { Inputs } from './inputs.ts';
import type { Marshalled } from './marshal.ts';
import type { Progress } from './status.ts';

export interface FailedBuild {
  readonly client: Pick<EngineClient, 'address' | 'failure'>;
  readonly progress: Pick<Progress, 'failed'>;
  readonly inputs: Pick<Inputs, 'contexts'>;
  readonly marshalled: Pick<Marshalled, 'vertices'>;
}

/** How a build ended, for people: which step, what it said last; and which ignore rule has hidden a file that is missing. */
export function buildError(error: unknown, build: FailedBuild): unknown {
  const { client } = build;
  const status = statusOf(error);
  if (status === undefined || status.code === GRPC.UNAVAILABLE) return client.failure(error);
  const entitlement = /\b(network\.host|security\.insecure|device)\b.* is not allowed/.exec(status.details)?.[1];
  if (entitlement !== undefined)
    return new TareError('E_ENGINE', `the BuildKit daemon at ${client.address} refuses: ${shownText(status.details)}`, {
      hint: `start it with \`buildkitd --allow-insecure-entitlement ${entitlement}\``,
      cause: error,
    });
  const failed = build.progress.failed(status.details);
  if (failed === undefined) return client.failure(error);
  const output = failed.output === '' ? '' : `\n${failed.output}`;
  const hidden = hiddenSource(build.marshalled.vertices.get(failed.operation), failed.error, build.inputs);
  // Which snapshot it looked into is of no use to anybody.
  const reason = failed.error.replace(/^failed to calculate checksum of ref \S+: /, '');
  return new TareError('E_STEP', `${failed.name}: ${reason}${output}`, {
    cause: error,
    ...(hidden === undefined ? {} : { hint: hidden }),
  });
}

function hiddenSource(
  vertex: Vertex | undefined,
  error: string,
  { contexts }: Pick<Inputs, 'contexts'>,
): string | undefined {
  if (vertex?.op !== 'file' || !error.includes('not found')) return undefined;
  for (const action of vertex.actions) {
    if (action.kind !== 'copy' || action.from.op !== 'source' || action.from.source.kind !== 'local') continue;
    const context = contexts.get(action.from.source.context);
    for (const source of action.sources) {
      const rule = context?.hiddenBy(pathOfText(posix.join('/', source)));
      if (rule !== undefined) return `${source} is hidden by ${rule.file}:${rule.line}: ${rule.text}`;
    }
  }
  return undefined;
}
