import { lstat } from 'node:fs/promises';
import { errnoOf, fromErrno, TareError } from '../base/error.ts';
import { readSmallFile } from '../base/small-file.ts';

const MAX_SECRET_BYTES = 512 * 1024; // 512 KiB

type Environment = Readonly<Record<string, string | undefined>>;

/** Of `--secret`: id → content. @throws TareError E_USAGE, E_SECRET, … without a word of the content */
export async function secretsOf(words: readonly string[], env: Environment): Promise<Map<string, Uint8Array>> {
  const secrets = new Map<string, Uint8Array>();
  for (const word of words) {
    const fields = new Map(
      word.split(',').map((field): [string, string] => {
        const cut = field.indexOf('=');
        return cut === -1 ? [field, ''] : [field.slice(0, cut), field.slice(cut + 1)];
      }),
    );
    const id = fields.get('id') ?? fields.get('src') ?? fields.get('source') ?? '';
    const unknown = [...fields.keys()].find((key) => !['id', 'src', 'source', 'env', 'type'].includes(key));
    if (id === '' || unknown !== undefined)
      throw new TareError(
        'E_USAGE',
        `--secret ${unknown === undefined ? 'has no id' : `has no field ${JSON.stringify(unknown)}`}`,
        {
          hint: 'write --secret id=ID,src=FILE or --secret id=ID,env=VARIABLE',
        },
      );
    secrets.set(id, await secretOf(id, fields, env));
  }
  return secrets;
}

async function secretOf(id: string, fields: ReadonlyMap<string, string>, env: Environment): Promise<Uint8Array> {
  const file = fields.get('src') ?? fields.get('source');
  const variable = fields.get('env') ?? (file === undefined || fields.get('type') === 'env' ? (file ?? id) : undefined);
  const value = variable === undefined ? undefined : env[variable];
  if (value !== undefined) return Buffer.from(value, 'utf8');
  if (variable !== undefined && (fields.has('env') || fields.get('type') === 'env'))
    throw new TareError('E_SECRET', `the environment has no variable ${variable} for the secret ${id}`);
  try {
    return await readSmallFile(file ?? id, MAX_SECRET_BYTES);
  } catch (error) {
    throw fromErrno(error, `cannot read the secret ${id}`);
  }
}

/** Of `--ssh`: id → socket of an agent. @throws TareError E_SECRET */
export async function agentsOf(words: readonly string[], env: Environment): Promise<Map<string, string>> {
  const agents = new Map<string, string>();
  for (const word of words) {
    const cut = word.indexOf('=');
    const id = cut === -1 ? word : word.slice(0, cut);
    const path = cut === -1 ? env['SSH_AUTH_SOCK'] : word.slice(cut + 1);
    if (path === undefined || path === '')
      throw new TareError('E_SECRET', `--ssh ${id}: no agent is running (SSH_AUTH_SOCK is not set)`, {
        hint: 'start one with `eval $(ssh-agent)` and `ssh-add`, or name its socket: --ssh ID=SOCKET',
      });
    if (!(await isSocket(path)))
      throw new TareError('E_SECRET', `--ssh ${id}: ${path} is not the socket of an agent`, {
        hint: 'keys themselves cannot be given: add them to an agent with `ssh-add`',
      });
    agents.set(id, path);
  }
  return agents;
}

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSocket();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fromErrno(error, `cannot look at ${path}`);
  }
}
