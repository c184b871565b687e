import { aborted } from '../base/deadline.ts';
import { TareError } from '../base/error.ts';
import type { Context } from '../base/events.ts';
import type { Project } from '../formats/compose/types.ts';
import type { Image } from '../oci/types.ts';
import { askControl, type StatusAnswer } from './control.ts';
import { changesOf, identitiesOf } from './identity.ts';
import { findSystem } from './state.ts';

export interface UpAgainOptions {
  readonly project: Project;
  /** By service. */
  readonly images: ReadonlyMap<string, Image>;
  readonly home: string;
  /** The project is all of its file, and not some services that were asked for. */
  readonly isWhole: boolean;
  readonly ctx: Context;
}

/**
 * The system when it runs already as it is wanted, and all of it is ready. Undefined: it does not run.
 * @throws TareError E_SYSTEM_STATE when something else is wanted by now, or it has ended meanwhile; E_CANCELLED
 */
export async function upAgain({
  ctx,
  home,
  images,
  isWhole,
  project,
}: UpAgainOptions): Promise<StatusAnswer | undefined> {
  const { name } = project;
  const system = await findSystem(home, name);
  if (system?.runs !== true) return undefined;
  const { socket } = system.record;
  const answer = await askControl(socket, { kind: 'identity' });
  if (answer === undefined) return undefined;
  const wanted = identitiesOf(project, images);
  const changes = changesOf(answer.services, wanted);
  if (changes !== undefined)
    throw new TareError('E_SYSTEM_STATE', `${name} runs already, and ${changes} since it was started`, {
      hint: `end it first, \`tare down -p ${name}\`, then start it again; its volumes stay`,
    });
  const others = Object.keys(answer.services).filter((service) => !Object.hasOwn(wanted, service));
  if (isWhole && others.length > 0)
    ctx.onEvent({
      kind: 'warning',
      warning: { code: 'service-left', message: `not in the file, but still there: ${others.join(', ')}` },
    });
  const status = await Promise.race([askControl(socket, { kind: 'ready' }), aborted(ctx.signal)]);
  if (ctx.signal.aborted) throw new TareError('E_CANCELLED', `interrupted while ${name} was asked whether it is ready`);
  return status;
}
