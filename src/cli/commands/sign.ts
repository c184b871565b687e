import { fromErrno, TareError } from '../../base/error.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import { readKeyFile } from '../key-files.ts';
import { signedReference } from '../signed-reference.ts';
import type { CommandInput, CommandResult, CommandSpec } from '../spec.ts';
import { assignments } from '../values.ts';

export const command: CommandSpec = {
  name: 'sign',
  arguments: [{ name: '[reference]', description: '[HOST[:PORT]/]REPOSITORY[:TAG|@DIGEST] of an image in a registry' }],
  summary: 'sign an image in a registry',
  description:
    'Signs an image with a key, so that `tare verify-signature` and `cosign verify --key` accept it. What is signed is the digest that the reference means now. The pass phrase of the key is read from COSIGN_PASSWORD.',
  options: [
    {
      flags: '--key <file>',
      description: "the private key: cosign's, or PEM as openssl writes it",
      variable: 'TARE_SIGN_KEY',
    },
    { flags: '--annotation <name=value>', description: 'something to sign along', repeat: true },
    {
      flags: '--attestation',
      description: 'sign what is said about the image (its provenance), not the image: for `cosign verify-attestation`',
      variable: null,
    },
    {
      flags: '--generate-key <name>',
      description: 'sign nothing; write a new pair of keys, NAME.key and NAME.pub',
      variable: null,
    },
    ...REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare sign --generate-key release', 'release.key, release.pub'],
    ['tare sign registry.example.com/team/app:1 --key release.key', 'a signature beside the image'],
    ['tare sign registry.example.com/team/app:1 --key release.key --attestation', 'of its provenance'],
  ],
  async run(input) {
    const { args, options } = input;
    const name = options.text('generateKey');
    if (name !== undefined) return generate(name, input);
    const file = options.text('key');
    if (args[0] === undefined || file === undefined)
      throw new TareError('E_USAGE', `tare sign needs ${args[0] === undefined ? 'an image' : 'a key'}`, {
        hint: 'tare sign HOST/REPOSITORY:TAG --key FILE; a new key: tare sign --generate-key NAME',
      });
    return signCommand(await signedReference(String(args[0]), input.cli), file, input);
  },
};

async function signCommand(reference: string, file: string, { cli, options }: CommandInput): Promise<CommandResult> {
  const { readPrivateKey, signImage } = await import('../../ship/sign/index.ts');
  const key = readPrivateKey(await readKeyFile(file), cli.env['COSIGN_PASSWORD'], file);
  const annotations = assignments('--annotation', options.list('annotation'));
  if (options.flag('attestation')) {
    if (options.isTyped('annotation'))
      throw new TareError('E_USAGE', '--annotation does not go with --attestation: a statement is signed as it is', {
        hint: 'leave one of them out',
      });
    const { signAttestations } = await import('../../ship/sign/attestations.ts');
    const attested = await signAttestations({ reference, key, ctx: cli.ctx });
    const lines = [
      `signed what is said about ${attested.reference}`,
      ...attested.attestations.map((type) => `  ${type}`),
    ];
    return { json: attested, text: () => (cli.quiet ? attested.reference : lines.join('\n')) };
  }
  const result = await signImage({ reference, key, annotations, ctx: cli.ctx });
  return {
    json: result,
    text: () => (cli.quiet ? result.reference : `signed ${result.reference}\n  kept under the tag ${result.tag}`),
  };
}

/** Never over a key that is there: what it signed could not be signed again. */
async function generate(name: string, { cli }: CommandInput): Promise<CommandResult> {
  const passphrase = cli.env['COSIGN_PASSWORD'];
  if (passphrase === undefined)
    throw new TareError('E_USAGE', 'a new key needs a pass phrase', {
      hint: 'set COSIGN_PASSWORD; empty for none',
    });
  const [{ writeFile }, { generateKeyPair }] = await Promise.all([
    import('node:fs/promises'),
    import('../../ship/sign/index.ts'),
  ]);
  const files = { privateKey: `${name}.key`, publicKey: `${name}.pub` };
  const pair = generateKeyPair(passphrase);
  for (const [file, text, mode] of [
    [files.privateKey, pair.privateKey, 0o600],
    [files.publicKey, pair.publicKey, 0o644],
  ] as const) {
    try {
      await writeFile(file, text, { mode, flag: 'wx' });
    } catch (error) {
      throw fromErrno(error, `cannot write ${file}`, { hint: 'choose another name; keys are never replaced' });
    }
  }
  return { json: files, text: () => `${files.privateKey}: keep it secret\n${files.publicKey}: for those who verify` };
}
