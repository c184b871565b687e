import { secretsIn } from '../../../base/command-secrets.ts';
import type { ImageConfig, RunConfig } from '../../../oci/types.ts';
import type { Secret } from '../types.ts';
import { isSecretAssignment } from './assignments.ts';
import { tokensIn } from './token-rules.ts';

/** Values of that length are looked at in part. */
const MAX_CHARS = 256 * 1024;

/** Secrets in what an image says of itself, which everybody reads who may pull it: variables, labels, commands, history. */
export function configSecrets({ config = {}, history = [] }: ImageConfig): readonly Secret[] {
  const variables = (config.Env ?? []).map((pair) => {
    const cut = pair.indexOf('=');
    return ['config.Env', ...(cut === -1 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)])] as const;
  });
  const labels = Object.entries(config.Labels ?? {}).map(([name, value]) => ['config.Labels', name, value] as const);
  return [
    ...[...variables, ...labels].flatMap(([where, name = '', value = '']) =>
      pairSecrets(`${where} ${name}`, name, value),
    ),
    ...commandsOf(config).flatMap(([where, text]) => textSecrets(where, text)),
    ...history.flatMap(({ comment = '', created_by: text = '' }, at) => [
      ...textSecrets(`history ${at}`, text),
      ...textSecrets(`history ${at}`, comment),
    ]),
  ];
}

function pairSecrets(path: string, name: string, value: string): Secret[] {
  const [token] = tokensIn(value.slice(0, MAX_CHARS));
  if (token !== undefined) return [{ path, kind: token.kind }];
  if (isSecretAssignment(name, value)) return [{ path, kind: 'secret in a variable' }];
  const hasPassword = value.includes('://') && secretsIn(value.slice(0, MAX_CHARS)).length > 0;
  return hasPassword ? [{ path, kind: 'password in an address' }] : [];
}

function commandsOf({ Cmd, Entrypoint, Healthcheck, OnBuild }: RunConfig): readonly (readonly [string, string])[] {
  const lists = [
    ['config.Entrypoint', Entrypoint],
    ['config.Cmd', Cmd],
    ['config.Healthcheck', Healthcheck?.Test],
    ['config.OnBuild', OnBuild],
  ] as const;
  return lists.flatMap(([name, words]) =>
    words === undefined || words === null || words.length === 0 ? [] : [[name, words.join(' ')] as const],
  );
}

/** By its form where it has one, else by what stands before it. */
function textSecrets(path: string, text: string): Secret[] {
  const looked = text.slice(0, MAX_CHARS);
  const tokens = tokensIn(looked);
  if (tokens.length > 0) return tokens.map(({ kind }) => ({ path, kind }));
  return secretsIn(looked).length > 0 ? [{ path, kind: 'password in a command' }] : [];
}
