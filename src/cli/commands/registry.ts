import { TareError } from '../../base/error.ts';
import { formatSize, plural } from '../../report/format.ts';
import { DEFAULT_ADDRESS, SERVE_OPTIONS } from '../registry-serve/options.ts';
import { storageOf } from '../registry-serve/storage.ts';
import { hasRetention, pruneBy, RETENTION_OPTIONS } from '../retention-options.ts';
import type { CommandInput, CommandResult, CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'registry',
  arguments: [
    {
      name: '<action>',
      description:
        'serve: run a registry until it is told to stop; prune: delete tags by rules, and what nothing refers to, also beside a running server',
    },
  ],
  summary: 'run a registry of images on this machine',
  description:
    'A server of the OCI distribution specification 1.1: any client can push to it and pull from it. It listens on this machine only, unless it is told otherwise, and keeps everything in one folder. To push to it: `docker push 127.0.0.1:5000/NAME`, or `skopeo copy --dest-tls-verify=false SOURCE docker://127.0.0.1:5000/NAME`. SIGTERM or Ctrl-C lets it finish what is in flight, for ten seconds; the second one ends it at once.',
  options: [
    ...SERVE_OPTIONS,
    ...[{ flags: '--dry-run', description: 'only say what would be deleted' }, ...RETENTION_OPTIONS].map((option) => ({
      ...option,
      group: 'Of prune:',
    })),
  ],
  examples: [
    ['tare registry serve', `a registry on ${DEFAULT_ADDRESS}, for this machine`],
    ['tare registry serve --addr 127.0.0.1:0 --storage images --max-bytes 100GB', 'elsewhere, and not too much'],
    ['tare registry serve --store --read-only', 'the images of the local store'],
    ['tare registry serve --addr :443 --tls-cert cert.pem --tls-key key.pem', 'for other machines'],
    ['tare registry serve --htpasswd users --anonymous-pull', 'all may pull, users may push'],
    ['tare registry prune --keep-newest 10 --keep-younger 1m --dry-run', 'what would go, and why'],
  ],
  async run(input) {
    const action = String(input.args[0]);
    if (action === 'serve') return (await import('../registry-serve/serve.ts')).serve(input);
    if (action === 'prune') return prune(input);
    throw new TareError('E_USAGE', `${JSON.stringify(action)} is nothing to do with a registry`, {
      hint: 'write `tare registry serve` or `tare registry prune`',
    });
  },
};

/** Without a rule no tag goes: what nothing refers to alone. */
async function prune(input: CommandInput): Promise<CommandResult> {
  const { options } = input;
  if (options.isTyped('store'))
    throw new TareError('E_USAGE', '--store is for `tare registry serve`', {
      hint: 'prune the store with `tare prune`',
    });
  const { openStoragePlace } = await import('../../ship/retention/places/index.ts');
  const place = await openStoragePlace(await storageOf(input));
  if (hasRetention(options)) return pruneBy(place, input);
  if (options.text('price') !== undefined)
    throw new TareError('E_USAGE', '--price needs a rule that says what stays', {
      hint: 'add --keep-newest N, --keep-younger AGE or --keep-tag PATTERN',
    });
  const dryRun = options.flag('dryRun');
  const { blobs, bytes } = await place.collect({ dryRun });
  const said = dryRun ? 'would delete' : 'deleted';
  return {
    json: { blobs, bytes, dryRun },
    text: () => `${said} ${plural(blobs, 'blob')}, ${formatSize(bytes)}`,
  };
}
