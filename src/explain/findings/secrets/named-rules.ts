import { assignmentsIn, valuesIn } from './assignments.ts';
import { keyStoreIn } from './key-stores.ts';
import { tokensIn, type FoundSecret } from './token-rules.ts';

/** Files whose name says what may be in them. */
interface NamedRule {
  /** Of the whole path. */
  readonly path: RegExp;
  readonly find: (text: string) => readonly FoundSecret[];
}

const whole =
  (kind: string, pattern: RegExp) =>
  (text: string): readonly FoundSecret[] => {
    const at = text.search(pattern);
    return at === -1 ? [] : [{ kind, line: text.slice(0, at).split('\n').length }];
  };
const values =
  (kind: string, pattern: RegExp) =>
  (text: string): readonly FoundSecret[] =>
    valuesIn(text, kind, pattern);

const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"'$<{]{0,100}:([^\s/@"'$<{]{1,250})@/gi;

const RULES: readonly NamedRule[] = [
  {
    path: /\.(?:pem|key|p8|pkcs8|ppk|asc|gpg|ovpn)$|\/id_(?:rsa|dsa|ecdsa|ed25519)[^/]*$|\/ssh_host_[a-z0-9]+_key$/,
    find: keysIn,
  },
  { path: /\.(?:p12|pfx|jks|keystore|bks)$/, find: keyStoreIn },
  {
    path: /\/\.?npmrc$/,
    find: values('npm token', /(?:^|:|\s)_(?:authToken|auth|password)\s{0,8}=\s{0,8}(\S{1,1024})/gm),
  },
  {
    path: /\/\.yarnrc\.yml$/,
    find: values('npm token', /^\s{0,32}npmAuth(?:Token|Ident)\s{0,8}:\s{0,8}(\S{1,1024})/gm),
  },
  { path: /\/\.pypirc$/, find: values('PyPI password', /^\s{0,32}password\s{0,8}[=:]\s{0,8}(\S{1,1024})/gm) },
  { path: /\/\.?pip(?:\/pip)?\.conf$/, find: values('password in an address', URL_PASSWORD) },
  { path: /\/[._]netrc$/, find: values('netrc password', /\bpassword\s{1,8}(\S{1,1024})/g) },
  { path: /\/\.git-credentials$|\/\.git\/config$/, find: values('git password', URL_PASSWORD) },
  {
    path: /\/\.docker\/config\.json$|\/\.dockercfg$|\/containers\/auth\.json$|\/\.dockerconfigjson$/,
    find: values('registry login', /"(?:auth|identitytoken|registrytoken|password)"\s{0,16}:\s{0,16}"([^"]{1,8192})"/g),
  },
  {
    path: /\/\.env(?:\.(?!(?:\w+\.)?(?:example|sample|template|dist|defaults?|schema)$)[\w.-]+)?$|\/[\w-]+\.env$/,
    find: (text) => assignmentsIn(text, 'secret in .env'),
  },
  {
    path: /\/\.aws\/credentials$|\/\.s3cfg$|\/\.boto$/,
    find: values('AWS secret access key', /^\s{0,8}(?:aws_secret_access_key|secret_key)\s{0,8}=\s{0,8}(\S{16,256})/gm),
  },
  {
    path: /\/\.azure\/(?:accessTokens|msal_token_cache|azureProfile)\.json$/,
    find: values('Azure token', /"(?:accessToken|refreshToken|secret)"\s{0,8}:\s{0,8}"([^"]{16,8192})"/g),
  },
  {
    path: /\/gcloud\/(?:application_default_credentials\.json|credentials\.db|access_tokens\.db)$/,
    find: whole('GCP credentials', /refresh_token|client_secret/),
  },
  {
    path: /\/\.kube\/config$|[./-]kubeconfig(?:\.ya?ml)?$|\/etc\/kubernetes\/[\w-]+\.conf$/,
    find: values(
      'Kubernetes credentials',
      /^\s{0,32}(?:- )?(?:client-key-data|token|password)\s{0,8}:\s{0,8}(\S{8,16384})/gm,
    ),
  },
  { path: /\.tfstate(?:\.backup)?$/, find: whole('Terraform state', /"(?:terraform_version|resources|modules)"/) },
  {
    path: /\/credentials\.tfrc\.json$|\/\.terraformrc$/,
    find: values('Terraform token', /"?token"?\s{0,8}[:=]\s{0,8}"([^"]{8,1024})"/g),
  },
  {
    path: /\/\.pgpass$/,
    find: values('database password', /^[^#\n]{0,512}?:[^:\n]{0,256}:[^:\n]{0,256}:[^:\n]{0,256}:([^:\n]{1,256})$/gm),
  },
  { path: /\/\.my\.cnf$/, find: values('database password', /^\s{0,8}password\s{0,8}=\s{0,8}(\S{1,256})/gm) },
  { path: /\/\.vault-token$/, find: whole('Vault token', /^\S{10}/) },
  {
    path: /\/\.cargo\/credentials(?:\.toml)?$/,
    find: values('Cargo token', /^\s{0,8}token\s{0,8}=\s{0,8}(\S{8,512})/gm),
  },
  { path: /\/\.gem\/credentials$/, find: values('RubyGems key', /^:?\w{1,64}:\s{1,8}(\S{16,512})/gm) },
  {
    path: /\/(?:\.composer|composer)\/auth\.json$/,
    find: values('Composer login', /"(?:password|token|github\.com)"\s{0,8}:\s{0,8}"([^"]{4,1024})"/g),
  },
  {
    path: /\/nuget\.config$/i,
    find: values('NuGet password', /key="(?:ClearText)?Password"\s{1,8}value="([^"]{1,1024})"/gi),
  },
  {
    path: /\/\.m2\/settings(?:-security)?\.xml$/,
    find: values('Maven password', /<(?:password|passphrase|master)>([^<]{1,1024})<\//g),
  },
  // What a password is hashed to can be tried at leisure by everyone who has the image.
  { path: /^\/etc\/shadow-?$/, find: whole('password hash', /^[^:\n]{1,64}:\$\w{1,8}\$[^:\n]{1,512}:/m) },
];

function keysIn(text: string): readonly FoundSecret[] {
  const putty = /^PuTTY-User-Key-File-[1-3]: /.test(text);
  return [...(putty ? [{ kind: 'private key (PuTTY)', line: 1 }] : []), ...tokensIn(text)];
}

/** Whether a file is to be looked at for its name alone. */
export function isNamedLikeSecret(path: string): boolean {
  return RULES.some((rule) => rule.path.test(path));
}

/** What the rules of its name find, `text` being its bytes as latin1. */
export function namedSecrets(path: string, text: string): readonly FoundSecret[] {
  return RULES.flatMap((rule) => (rule.path.test(path) ? rule.find(text) : []));
}
