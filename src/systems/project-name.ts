import { TareError } from '../base/error.ts';

/**
 * Folders are called after it, so it is nothing but a word.
 * @param from opens the message
 * @param shown stands for a name that is not to be told
 * @throws TareError E_COMPOSE
 */
export function checkedProjectName(name: string, from: string, shown = JSON.stringify(name)): string {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(name)) return name;
  throw new TareError('E_COMPOSE', `${from}: ${shown} is no name of a project`, {
    hint: 'lower-case letters, digits, - and _, beginning with a letter or digit: `name:` in the file, or -p NAME',
  });
}
