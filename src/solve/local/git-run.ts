import { throwIfCancelled } from '../../base/context.ts';
import { TareError } from '../../base/error.ts';
import { findTool, runTool, toolEnvironment } from '../../sandbox/spawn.ts';
import type { GitRemote } from './git-remote.ts';
import type { Environment } from '../../base/http-proxy.ts';

export interface GitSettings {
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Id → socket of an agent; `default` is taken. Without one: the agent of the user. */
  readonly ssh?: ReadonlyMap<string, string>;
  /** `GIT_AUTH_TOKEN` and `GIT_AUTH_HEADER`, also with `.HOST` behind, are given to the host of an http or https URL. */
  readonly secrets?: ReadonlyMap<string, Uint8Array>;
  /** file:// too. */
  readonly allowFile?: boolean;
}

/** Runs git. @returns what it printed @throws TareError E_FETCH, E_CANCELLED */
export type Git = (args: readonly string[], options: GitCall) => Promise<string>;

export interface GitCall {
  readonly cwd: string;
  /** What it may fetch by. Empty: nothing. */
  readonly protocols: readonly string[];
  /** For messages: `cannot …`. */
  readonly doing: string;
}

const TIMEOUT_MS = 60 * 60_000; // 1 h
const MAX_SHOWN_LINES = 5;

/** Of the environment of this process: what leads to the network, and where ssh and curl look for the user's keys. */
const PASSED = ['HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'GIT_SSL_CAINFO'];
const PROXIES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];

/**
 * The git of this machine, with no settings but these: no hooks, no templates, no filters, no prompts, no helper programs that somebody configured. A protocol that
 * is not named cannot be used, `ext::` never.
 * @throws TareError E_TOOL_MISSING
 */
export function openGit(remote: GitRemote, settings: GitSettings): Git {
  const program = findTool('git', settings.env);
  if (program === undefined)
    throw new TareError('E_TOOL_MISSING', 'there is no git on this machine to fetch a repository with', {
      hint: 'install it (`apt-get install git`, `apk add git`), or ADD an archive of the repository over https',
    });
  const shared = environmentOf(remote, settings);
  return async (args, { cwd, doing, protocols }) => {
    throwIfCancelled(settings.signal);
    const { code, stderr, stdout } = await runTool(program, args, {
      cwd,
      env: { ...shared, GIT_ALLOW_PROTOCOL: protocols.join(':') },
      timeoutMs: TIMEOUT_MS,
      signal: settings.signal,
    });
    throwIfCancelled(settings.signal);
    if (code === 0) return stdout;
    throw failure(doing, code, stderr, remote);
  };
}

function environmentOf(remote: GitRemote, { env, secrets, ssh }: GitSettings): NodeJS.ProcessEnv {
  const passed = [...PASSED, ...PROXIES, ...PROXIES.map((name) => name.toUpperCase())].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const agent = ssh?.get('default');
  const header = headerOf(remote, secrets);
  const config: [string, string][] = [
    ['core.hooksPath', '/dev/null'],
    ['core.logAllRefUpdates', 'false'],
    ['core.fsmonitor', 'false'],
    ['core.autocrlf', 'false'],
    ['core.quotePath', 'true'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['advice.detachedHead', 'false'],
    ['credential.helper', ''],
    // A server that says nothing more.
    ['http.lowSpeedLimit', '100'],
    ['http.lowSpeedTime', '60'],
  ];
  if (header !== undefined && remote.origin !== undefined) {
    config.push([`http.${remote.origin}/.extraHeader`, header]);
    // git would send the header after a redirect, wherever that leads.
    config.push([`http.${remote.origin}/.followRedirects`, 'false']);
  }
  return {
    ...toolEnvironment(env),
    ...Object.fromEntries(passed),
    ...(env['SSL_CERT_FILE'] === undefined ? {} : { GIT_SSL_CAINFO: env['SSL_CERT_FILE'] }),
    ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    GIT_TEMPLATE_DIR: '',
    GIT_NO_REPLACE_OBJECTS: '1',
    // A constant: git has it run by a shell. Never asks; a host that is not known is none to trust.
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=20',
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

/** In the environment of git, not among its arguments, which every user of the machine can read. */
function headerOf(remote: GitRemote, secrets: GitSettings['secrets']): string | undefined {
  if (remote.origin === undefined) return undefined;
  const secret = (name: string): string | undefined => {
    const bytes = secrets?.get(`${name}.${remote.host}`) ?? secrets?.get(name);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8').trim();
  };
  const header = secret('GIT_AUTH_HEADER');
  // oxlint-disable-next-line no-control-regex
  if (header !== undefined && /[\x00-\x1f\x7f]/.test(header))
    throw new TareError('E_SECRET', 'the secret GIT_AUTH_HEADER is more than one line');
  if (header !== undefined) return `Authorization: ${header}`;
  const token = secret('GIT_AUTH_TOKEN');
  if (token === undefined) return remote.header;
  return `Authorization: Basic ${Buffer.from(`x-access-token:${token}`, 'utf8').toString('base64')}`;
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /terminal prompts disabled|could not read (?:Username|Password)|Authentication failed|returned error: 40[13]/i,
    'if it is private, give a token: --secret id=GIT_AUTH_TOKEN,env=GITHUB_TOKEN; or use ssh',
  ],
  [/Permission denied \(/, 'give an agent that has the key: `ssh-add FILE`, then --ssh default'],
  [/Host key verification failed/, 'make the host known: connect once with `ssh HOST`, and compare its fingerprint'],
  [/transport '.*' not allowed/, 'only https, http, ssh and git can be fetched by, in submodules as well'],
  [/unable to update url base from redirection|redirect/i, 'write the address that it is redirected to'],
  [/Could not resolve host/i, 'look at the name of the host, at the network, and at http_proxy and https_proxy'],
  [/cannot run ssh|ssh: not found/, 'install ssh (`apt-get install openssh-client`), or use https'],
];

function failure(doing: string, code: number, stderr: string, remote: GitRemote): TareError {
  const secret = remote.header?.slice('Authorization: Basic '.length);
  const said = stderr
    .replaceAll(secret === undefined || secret === '' ? '\0' : secret, '***')
    .split(/[\r\n]+/)
    // oxlint-disable-next-line no-control-regex
    .map((line) => line.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, ' ').trim())
    .filter((line) => line !== '' && !line.startsWith('hint:'));
  const why = said.length === 0 ? `git ended with code ${code}` : said.slice(-MAX_SHOWN_LINES).join('; ');
  const hint = HINTS.find(([pattern]) => pattern.test(stderr))?.[1];
  return new TareError('E_FETCH', `${doing}: ${why}`, hint === undefined ? {} : { hint });
}
