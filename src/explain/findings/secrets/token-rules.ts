/** What a text holds: never the value, only what it looks like and where. */
export interface FoundSecret {
  readonly kind: string;
  /** From 1. */
  readonly line: number;
}

/** Secrets that can be told by their form wherever they stand. */
interface TokenRule {
  readonly kind: string;
  /** Stands in every match: a text without it is not searched. */
  readonly hint: string;
  readonly pattern: RegExp;
}

// Every pattern is bounded, or a run of one class of characters: the time is linear.
const RULES: readonly TokenRule[] = [
  { kind: 'AWS access key ID', hint: 'AKIA', pattern: /\bAKIA[A-Z0-9]{16}\b/g },
  { kind: 'AWS access key ID (temporary)', hint: 'ASIA', pattern: /\bASIA[A-Z0-9]{16}\b/g },
  {
    kind: 'AWS secret access key',
    hint: '',
    pattern: /\baws_?secret_?access_?key\b["']?\s{0,8}[=:]\s{0,8}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/gi,
  },
  { kind: 'Azure storage key', hint: 'AccountKey=', pattern: /\bAccountKey=[A-Za-z0-9+/]{86}==/g },
  { kind: 'Azure shared access key', hint: 'SharedAccessKey=', pattern: /\bSharedAccessKey=[A-Za-z0-9+/]{43}=/g },
  { kind: 'GitHub token', hint: 'gh', pattern: /\bgh[pousr]_[A-Za-z0-9]{36,255}\b/g },
  { kind: 'GitHub token', hint: 'github_pat_', pattern: /\bgithub_pat_\w{40,255}\b/g },
  { kind: 'GitLab token', hint: 'glpat-', pattern: /\bglpat-[\w-]{20,64}/g },
  { kind: 'Slack token', hint: 'xox', pattern: /\bxox[abeprs]-\d{6,16}-[A-Za-z0-9-]{10,250}/g },
  {
    kind: 'Slack webhook',
    hint: 'hooks.slack.com',
    pattern: /\bhooks\.slack\.com\/services\/T[A-Z0-9]{6,16}\/B[A-Z0-9]{6,16}\/[A-Za-z0-9]{20,32}\b/g,
  },
  { kind: 'Stripe key', hint: 'k_live_', pattern: /\b[sr]k_live_[A-Za-z0-9]{16,255}\b/g },
  { kind: 'npm token', hint: 'npm_', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { kind: 'PyPI token', hint: 'pypi-AgE', pattern: /\bpypi-AgE[\w-]{50,250}/g },
  { kind: 'Docker Hub token', hint: 'dckr_pat_', pattern: /\bdckr_pat_[\w-]{27}/g },
  { kind: 'DigitalOcean token', hint: 'dop_v1_', pattern: /\bdop_v1_[a-f0-9]{64}\b/g },
  { kind: 'Hugging Face token', hint: 'hf_', pattern: /\bhf_[A-Za-z0-9]{34}\b/g },
  { kind: 'SendGrid key', hint: 'SG.', pattern: /\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g },
  { kind: 'Vault token', hint: 'hvs.', pattern: /\bhvs\.[\w-]{24,250}/g },
  { kind: 'OpenAI key', hint: 'T3BlbkFJ', pattern: /\bsk-[\w-]{10,120}T3BlbkFJ[\w-]{10,120}/g },
  { kind: 'Anthropic key', hint: 'sk-ant-', pattern: /\bsk-ant-[a-z]{3}\d\d-[\w-]{80,120}/g },
];

/** Line ends and what strings of programs have around them: in JSON and in source they are escaped. */
const GAP = String.raw`(?:[\s"'+,\\]|(?<=\\)[nr]){0,200}`;
/** Up to the end of its line, or it could be read in as many ways as it has words. */
const HEADER = String.raw`[A-Z][A-Za-z-]{1,24}: [^\n\\]{1,200}(?=[\n\\])`;
/** PEM and its kin: a body must follow, since programs and documents name the line alone. */
const PRIVATE_KEY = new RegExp(
  String.raw`-----BEGIN (?:(RSA|EC|DSA|OPENSSH|ENCRYPTED) )?(?:PRIVATE KEY|(PGP) PRIVATE KEY BLOCK)-----${GAP}(?:${HEADER}${GAP}){0,16}[A-Za-z0-9+/]{40}`,
  'g',
);
const SERVICE_ACCOUNT = /"type"\s{0,8}:\s{0,8}"service_account"/;

/** Keys that documents and emulators give as examples: of AWS, of the storage emulator of Azure. */
const EXAMPLES = /EXAMPLE|Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/;
/** The same sign again and again: somebody's placeholder. */
const MONOTONOUS = /([A-Za-z0-9])\1{11}/;

/** The first of each kind, in the order of the text. */
export function tokensIn(text: string): readonly FoundSecret[] {
  const found = new Map<string, number>();
  const note = (kind: string, at: number): void => {
    const before = found.get(kind);
    if (before === undefined || at < before) found.set(kind, at);
  };
  for (const { hint, kind, pattern } of RULES) {
    if (!text.includes(hint)) continue;
    for (const match of text.matchAll(pattern)) {
      if (EXAMPLES.test(match[0]) || MONOTONOUS.test(match[0])) continue;
      note(kind, match.index);
      break;
    }
  }
  if (text.includes('-----BEGIN '))
    for (const match of text.matchAll(PRIVATE_KEY)) note(keyKind(match, text), match.index);
  return [...found].sort((a, b) => a[1] - b[1]).map(([kind, at]) => ({ kind, line: lineAt(text, at) }));
}

function keyKind([, form, pgp]: RegExpMatchArray, text: string): string {
  if (SERVICE_ACCOUNT.test(text)) return 'GCP service account key';
  if (form === 'OPENSSH') return 'private key (OpenSSH)';
  if (pgp !== undefined) return 'private key (PGP)';
  return form === 'ENCRYPTED' || text.includes('Proc-Type: 4,ENCRYPTED')
    ? 'private key (PEM, encrypted)'
    : 'private key (PEM)';
}

export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', end + 1)) line += 1;
  return line;
}
