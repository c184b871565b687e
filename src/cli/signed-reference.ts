import { TareError } from '../base/error.ts';
import { normalisedName } from '../store/names.ts';
import type { CommandInput } from './spec.ts';

/**
 * The reference of an image whose signatures are asked for. A name without a host is one of Docker Hub, unless the store has it: then that is what was meant.
 * @throws TareError E_USAGE for one of the store, which keeps no signatures
 */
export async function signedReference(reference: string, cli: CommandInput['cli']): Promise<string> {
  const [host = '', ...path] = reference.split('/');
  const namesHost = path.length > 0 && (/[.:]/.test(host) || host === 'localhost');
  const name = namesHost ? undefined : normalisedName(reference);
  if (name === undefined || (await (await cli.store()).find(name)) === undefined) return reference;
  throw new TareError(
    'E_USAGE',
    `${reference} is an image of the store; signatures are kept beside an image in a registry`,
    {
      hint: `push it first (\`tare push ${reference} HOST/REPOSITORY:TAG\`), and name it as it is called there; for the one of Docker Hub: docker.io/library/${reference}`,
    },
  );
}
