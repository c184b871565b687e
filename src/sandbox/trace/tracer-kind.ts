import { TareError } from '../../base/error.ts';

/** How a container is observed: by seccomp user notification, or by strace. */
export type TracerKind = 'notify' | 'strace';

const KINDS: readonly TracerKind[] = ['notify', 'strace'];

/** What TARE_TRACER asks for; undefined: the first one that works. @throws TareError E_USAGE */
export function wantedTracer(env: NodeJS.ProcessEnv): TracerKind | undefined {
  const asked = env['TARE_TRACER'];
  if (asked === undefined || asked === '') return undefined;
  const kind = KINDS.find((each) => each === asked);
  if (kind === undefined)
    throw new TareError('E_USAGE', `TARE_TRACER ${JSON.stringify(asked)} is not ${KINDS.join(' or ')}`, {
      hint: `unset it, or choose ${KINDS.join(' or ')}`,
    });
  return kind;
}
