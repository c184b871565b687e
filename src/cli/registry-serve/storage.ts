import type { CommandInput } from '../spec.ts';

/** The folder of the registry. */
export async function storageOf({ cli, options }: CommandInput): Promise<string> {
  const [{ defaultHome }, { join }] = await Promise.all([import('../../store/home.ts'), import('node:path')]);
  return options.text('storage') ?? join(defaultHome(cli.env), 'tare', 'registry');
}
