import { join, resolve } from 'node:path';
import { TareError } from '../base/error.ts';
import { type Draft, parseDotenv, parseRawEnv, type Problems, spotText } from '../formats/compose/index.ts';
import { readText, readTextIfThere } from './read-text.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Of one service. */
const MAX_ENV_FILES = 100;

/** Of `.env` files that were named, the later before the earlier, all below `env`. @throws TareError when one is not there */
export async function readEnvFiles(files: readonly string[], dir: string, env: Env, problems: Problems): Promise<Env> {
  if (files.length > MAX_ENV_FILES) throw new TareError('E_LIMIT', `more than ${MAX_ENV_FILES} files of variables`);
  let found: Record<string, string> = {};
  for (const name of files) {
    const text = await readText(resolve(dir, name), { name });
    found = { ...found, ...parsed(text, name, { ...found, ...defined(env) }, problems) };
  }
  return { ...found, ...defined(env) };
}

/** The `.env` of a folder below `env`; none is none. */
export async function readDotenvOf(dir: string, env: Env, problems: Problems): Promise<Env> {
  const text = await readTextIfThere(join(dir, '.env'), { name: '.env' });
  return text === undefined ? env : { ...parsed(text, '.env', env, problems), ...defined(env) };
}

function parsed(text: string, file: string, env: Env, problems: Problems): Readonly<Record<string, string>> {
  const spot = { source: { name: file, dir: '' }, line: 1, column: 1, path: [] };
  return parseDotenv(text, env, {
    file,
    onUnset: (name) => problems.warn('compose-unset', name, 'the variable is not set: taken as empty', spot),
  });
}

/** What is undefined does not hide what lies below it. */
const defined = (env: Env): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );

/** What the `env_file`s of a service say, the later before the earlier. Each that is missing is a problem. */
export async function serviceVariables(
  draft: Draft,
  env: Env,
  problems: Problems,
): Promise<Readonly<Record<string, string>>> {
  if (draft.envFiles.length > MAX_ENV_FILES)
    throw new TareError('E_LIMIT', `${spotText(draft.spot)}: more than ${MAX_ENV_FILES} files of variables`);
  let found: Readonly<Record<string, string>> = {};
  for (const { path, raw, required, spot } of draft.envFiles) {
    const naming = { name: path, place: spotText(spot) };
    const text = await readTextIfThere(path, naming);
    if (text === undefined && required)
      problems.attempt(() => {
        throw new TareError('E_COMPOSE', `${spotText(spot)}: there is no file ${JSON.stringify(path)}`, {
          hint: 'write it, or allow for its absence: `env_file: {path: …, required: false}`',
        });
      });
    if (text === undefined) continue;
    const before = found;
    const more = problems.attempt(() =>
      raw ? parseRawEnv(text, { file: path }) : parsed(text, path, { ...before, ...defined(env) }, problems),
    );
    found = { ...before, ...more };
  }
  return found;
}
