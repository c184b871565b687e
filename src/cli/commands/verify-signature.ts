import { TareError } from '../../base/error.ts';
import { plural } from '../../report/format.ts';
import { readKeyFile } from '../key-files.ts';
import { REGISTRY_OPTIONS } from '../registry-options.ts';
import { signedReference } from '../signed-reference.ts';
import type { CommandSpec } from '../spec.ts';
import { assignments } from '../values.ts';

export const command: CommandSpec = {
  name: 'verify-signature',
  arguments: [{ name: '<reference>', description: '[HOST[:PORT]/]REPOSITORY[:TAG|@DIGEST] of an image in a registry' }],
  summary: 'check who signed an image in a registry',
  description:
    'Checks that an image was signed with a key, by `tare sign` or by `cosign sign --key`. Ends with 1 when it was not. The answer names the digest: pull that, since a tag may move.',
  options: [
    { flags: '--key <file>', description: 'the public key (PEM)', variable: 'TARE_VERIFY_KEY' },
    { flags: '--annotation <name=value>', description: 'what must have been signed along', repeat: true },
    {
      flags: '--attestation',
      description: 'check what is said about the image, as `tare sign --attestation` and `cosign attest --key` sign it',
      variable: null,
    },
    ...REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare verify-signature registry.example.com/team/app:1 --key release.pub', 'signed by us, or 1'],
    ['tare verify-signature example.com/app:1 --key release.pub --attestation', 'its provenance is, or 1'],
  ],
  async run({ args, cli, options }) {
    const file = options.text('key');
    if (file === undefined)
      throw new TareError('E_USAGE', 'a signature is checked with a public key', { hint: 'name it: --key FILE' });
    const { readPublicKey, verifySignature } = await import('../../ship/sign/index.ts');
    const key = readPublicKey(await readKeyFile(file), file);
    const annotations = assignments('--annotation', options.list('annotation'));
    const reference = await signedReference(String(args[0]), cli);
    if (options.flag('attestation')) {
      if (options.isTyped('annotation'))
        throw new TareError('E_USAGE', '--annotation does not go with --attestation', {
          hint: 'leave one of them out',
        });
      const { verifyAttestations } = await import('../../ship/sign/attestations.ts');
      const attested = await verifyAttestations({ reference, key, ctx: cli.ctx });
      const types = attested.attestations.map(({ predicateType }) => `  ${predicateType}, signed with ${file}`);
      return {
        json: attested,
        text: () => (cli.quiet ? attested.reference : [attested.reference, ...types].join('\n')),
      };
    }
    const result = await verifySignature({ reference, key, annotations, ctx: cli.ctx });
    const others = result.others === 0 ? '' : `\n  ${plural(result.others, 'other signature')} not counted`;
    return {
      json: result,
      text: () => (cli.quiet ? result.reference : `${result.reference}\n  signed with ${file}${others}`),
    };
  },
};
