import { ERROR_CODES } from '../../base/error-codes.ts';
import { TareError } from '../../base/error.ts';
import { closest } from '../../formats/dockerfile/closest.ts';

/** A name of the store; what names a transport has a complaint of its own. */
const PLAIN_NAME = /^[\w][\w./:@-]*$/;
const TRANSPORT = /^(?:oci|oci-archive|docker-archive|docker-daemon):/;

interface MissingImage {
  readonly error: TareError;
  /** As the Dockerfile has it, variables replaced. */
  readonly reference: string;
  /** `Dockerfile:3`. */
  readonly where: string;
  /** Names of the stages above. */
  readonly stages: readonly string[];
}

/** What `FROM` or `--from` names is neither a stage nor an image of the store: which stage may be meant, or how the image gets here. */
export function missingImage({ error, reference, stages, where }: MissingImage): TareError {
  const isPlain = error.code === 'E_IMAGE_NOT_FOUND' && PLAIN_NAME.test(reference) && !TRANSPORT.test(reference);
  if (!isPlain) return new TareError(error.code, `${where}: ${error.message}`, { cause: error, hint: error.hint });
  const stage = closest(reference, stages);
  const named =
    stages.length === 0 || /[:/@]/.test(reference) ? '' : `there is no stage ${JSON.stringify(reference)} above, and `;
  const near = error.hint === ERROR_CODES.E_IMAGE_NOT_FOUND.hint ? '' : `${error.hint}. Else `;
  const hint =
    stage === undefined
      ? `${near}${curesOf(reference)}`
      : `did you mean the stage ${stage}?${stages.length === 1 ? '' : ` The stages above are ${stages.join(', ')}`}`;
  return new TareError(error.code, `${where}: ${named}${error.message}`, { cause: error, hint });
}

const curesOf = (name: string): string =>
  [
    `bring the image into the store with \`tare copy oci:DIR:NAME ${name}\` (or from docker-daemon:${name}, docker-archive:FILE, oci-archive:FILE)`,
    `or name its place for this build with \`--build-context ${name}=oci:DIR:NAME\``,
    'to fetch it from its registry: `--pull missing`',
  ].join('; ');
