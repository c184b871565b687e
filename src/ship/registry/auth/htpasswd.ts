import { createHmac, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { compare } from 'bcryptjs';
import { fromErrno, TareError } from '../../../base/error.ts';
import { readSmallFile } from '../../../base/small-file.ts';
import { RegistryError } from '../errors.ts';
import { EVERYBODY } from './anonymous.ts';
import { unauthorized } from './challenge.ts';
import type { Access } from './types.ts';

const MAX_FILE_BYTES = 1024 * 1024; // 1 MiB
const MAX_USERS = 10_000;
/** 2^14 rounds are seconds of this process; nobody uses more. */
const MAX_COST = 14;
const MAX_CREDENTIAL_BYTES = 1024;
/** A client asks for each blob with the same password. */
const CACHE_MS = 60_000;
const MAX_CACHED = 10_000;
/** Hashing is work: guessers wait, and those who were right before do not. */
const MAX_WAITING = 50;
const LOOK_AGAIN_MS = 2_000;

const CHALLENGE = 'Basic realm="tare registry", charset="UTF-8"';

export interface HtpasswdOptions {
  readonly file: string;
  /** Reading needs no password. */
  readonly anonymousPull: boolean;
}

/**
 * Users of an htpasswd file with bcrypt hashes (`htpasswd -B`). The file is read again when it changes. An unknown user costs as much time as
 * a wrong password, so that names cannot be guessed by the clock.
 * @throws TareError E_CONFIG when the file is not readable or holds anything but bcrypt hashes
 */
export async function htpasswdAccess({ file, anonymousPull }: HtpasswdOptions): Promise<Access> {
  let loaded = { users: await readHtpasswd(file), mtimeMs: await changed(file), looked: Date.now() };
  // Only keyed hashes of passwords stay in memory, and the key goes with the process.
  const key = randomBytes(32);
  const right = new Map<string, number>();
  const running = new Map<string, Promise<boolean>>();

  const users = async (): Promise<Users> => {
    if (Date.now() - loaded.looked < LOOK_AGAIN_MS) return loaded.users;
    const mtimeMs = await changed(file).catch(() => loaded.mtimeMs);
    if (mtimeMs === loaded.mtimeMs) loaded = { ...loaded, looked: Date.now() };
    else {
      // A file that is broken while it is edited changes nothing.
      const fresh = await readHtpasswd(file).catch(() => undefined);
      loaded = { users: fresh ?? loaded.users, mtimeMs, looked: Date.now() };
      right.clear();
    }
    return loaded.users;
  };

  const isRight = async (name: string, password: string): Promise<boolean> => {
    const known = await users();
    const id = createHmac('sha256', key).update(`${name}\0${password}`).digest('hex');
    if (Date.now() < (right.get(id) ?? 0)) return true;
    const begun = running.get(id);
    if (begun !== undefined) return begun;
    if (running.size >= MAX_WAITING)
      throw new RegistryError('TOOMANYREQUESTS', 'too many logins at a time', {
        status: 429,
        headers: { 'Retry-After': 2 },
      });
    const hash = known.hashes.get(name);
    const comparing = compare(password, hash ?? known.decoy).then((same) => same && hash !== undefined);
    running.set(id, comparing);
    try {
      const answer = await comparing;
      if (right.size >= MAX_CACHED) right.clear();
      if (answer) right.set(id, Date.now() + CACHE_MS);
      return answer;
    } finally {
      running.delete(id);
    }
  };

  return {
    check: async (req, wanted) => {
      const header = req.headers.authorization;
      const isRead = wanted.kind === 'catalog' || (wanted.kind === 'repository' && wanted.action === 'pull');
      if (header === undefined) {
        // Not for `GET /v2/`: a client that is not challenged there never logs in, and then cannot push.
        if (anonymousPull && isRead) return EVERYBODY;
        throw unauthorized(CHALLENGE);
      }
      const credentials = parseBasic(header);
      if (credentials === undefined || !(await isRight(credentials.name, credentials.password)))
        throw unauthorized(CHALLENGE, 'wrong user or password');
      return { ...EVERYBODY, name: credentials.name };
    },
  };
}

interface Users {
  readonly hashes: ReadonlyMap<string, string>;
  /** Of the highest cost in the file, of no password that anybody has. */
  readonly decoy: string;
}

async function readHtpasswd(file: string): Promise<Users> {
  const wrong = (why: string): TareError =>
    new TareError('E_CONFIG', `${file}: ${why}`, { hint: 'make the file with `htpasswd -B -c FILE USER`' });
  const bytes = await readSmallFile(file, MAX_FILE_BYTES).catch((error: unknown) => {
    throw fromErrno(error, `cannot read ${file}`);
  });
  const hashes = new Map<string, string>();
  let cost = 10;
  for (const [index, line] of bytes.toString('utf8').split('\n').entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const match = /^([^:]+):(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53})$/.exec(text);
    if (match === null) throw wrong(`line ${index + 1} is not USER:HASH with a bcrypt hash`);
    const [, name = '', hash = '', digits = ''] = match;
    if (Number(digits) < 4 || Number(digits) > MAX_COST)
      throw wrong(`line ${index + 1} has a bcrypt cost of ${digits}; allowed are 4 to ${MAX_COST}`);
    cost = Math.max(hashes.size === 0 ? 0 : cost, Number(digits));
    hashes.set(name, hash);
    if (hashes.size > MAX_USERS) throw wrong(`it has more than ${MAX_USERS} users`);
  }
  const random = randomBytes(40).toString('base64').replace(/[+=]/g, '.').slice(0, 53);
  return { hashes, decoy: `$2b$${String(cost).padStart(2, '0')}$${random}` };
}

const changed = async (file: string): Promise<number> => (await stat(file)).mtimeMs;

function parseBasic(header: string): { readonly name: string; readonly password: string } | undefined {
  const match = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(header);
  if (match === null || header.length > MAX_CREDENTIAL_BYTES * 2) return undefined;
  const text = Buffer.from(match[1] ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
