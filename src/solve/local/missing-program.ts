import { TareError } from '../../base/error.ts';
import { bytesOfText, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import type { ExecVertex } from '../types.ts';

const SHELL = /\/(?:ba|da|a|z|k)?sh$/;

/**
 * A step whose program cannot be started because it is not there, in words about the Dockerfile: images of little more than an application have no shell.
 * @returns undefined when the program is there, and something else is wrong
 */
export function missingProgram(vertex: ExecVertex, tree: Tree): TareError | undefined {
  const [program = '', flag = ''] = vertex.argv;
  if (!program.startsWith('/') || tree.resolve(bytesOfText(program) as TreePath) !== undefined) return undefined;
  if (!SHELL.test(program) || !/^-\w*c$/.test(flag)) {
    return new TareError('E_ENTRYPOINT', `the image has no ${program}`, {
      hint: 'bring it along in a step before (`COPY --from=STAGE`), or name a program that is there',
    });
  }
  return new TareError('E_ENTRYPOINT', `the image has no ${program}, and this form of RUN is a line for a shell`, {
    hint: `start a program of the image without a shell: \`RUN ["/path/to/program", "argument"]\`; or do the work in a stage that has a shell, and take over the result with \`COPY --from=STAGE\`; or lend the step another image's programs: \`RUN --mount=from=busybox,source=/bin,target=/bin …\`${program === '/bin/sh' ? '' : '; or name the shell that is there: `SHELL ["/bin/sh", "-c"]`'}`,
  });
}
