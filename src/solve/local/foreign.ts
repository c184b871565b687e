import { TareError } from '../../base/error.ts';
import { platformText } from '../../oci/platform.ts';
import { canRunArchitecture } from '../../sandbox/index.ts';
import type { Layered } from './result.ts';

/**
 * Runs a process of a root that may be of another processor.
 * @throws TareError E_PLATFORM when nobody here can run its programs: before, or, where that cannot be told, when the first of them is refused
 */
export async function onPlatformOf<T>(root: Layered, env: NodeJS.ProcessEnv, work: () => Promise<T>): Promise<T> {
  const config = root.base?.config;
  // Out of nothing comes whatever was copied.
  if (config === undefined) return work();
  const how = await canRunArchitecture(config.architecture, env);
  const refused = (cause?: unknown): TareError =>
    new TareError('E_PLATFORM', `programs of ${platformText(config)} cannot be run here: no emulator is registered`, {
      hint: 'register one that is there in every root (flag F): `apt-get install qemu-user-static`, or `docker run --privileged --rm tonistiigi/binfmt --install all`',
      ...(cause === undefined ? {} : { cause }),
    });
  if (how === 'no') throw refused();
  if (how !== 'unknown') return work();
  try {
    return await work();
  } catch (error) {
    if (error instanceof TareError && error.code === 'E_ENTRYPOINT' && /exec format error/i.test(error.message))
      throw refused(error);
    throw error;
  }
}
