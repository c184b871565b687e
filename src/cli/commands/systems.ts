import { TareError } from '../../base/error.ts';
import { COMPOSE_OPTIONS, SHRUNK_OPTION } from '../compose-options.ts';
import { IMAGE_REGISTRY_OPTIONS } from '../registry-options.ts';
import { TIMEOUT_OPTION } from '../shared-options.ts';
import type { CommandSpec } from '../spec.ts';

export const command: CommandSpec = {
  name: 'systems',
  arguments: [{ name: '<action>', description: 'export: write what an orchestrator reads' }],
  summary: 'write a Compose project as Kubernetes, Podman or Compose read it',
  description:
    'Writes a Compose project for production: images by digest, users by number that are not root, read-only roots, no capabilities but those that were seen to be needed, a seccomp profile of the system calls that were made, requests by measured use. For that the system is run once and asked what its `x-tare` says. What the target cannot express is told as a warning, with the line that it stands in.',
  options: [
    ...COMPOSE_OPTIONS,
    {
      flags: '--kubernetes',
      description: 'manifests: Deployments, StatefulSets, Services, ConfigMaps, NetworkPolicies',
    },
    { flags: '--compose', description: 'a Compose file that needs nothing but the images' },
    { flags: '--podman-quadlet', description: 'unit files for systemd: podman-systemd.unit(5)' },
    {
      flags: '-o, --output <dir>',
      description: 'write the files into this folder',
      defaultText: 'they are printed',
      variable: 'TARE_SYSTEMS_OUTPUT',
    },
    {
      flags: '--repository <prefix>',
      description: 'where the images are pulled from, before their names: registry.example.com/team',
    },
    SHRUNK_OPTION,
    {
      flags: '--no-observe',
      description: 'run nothing: no system calls, capabilities and use are known then',
      variable: null,
    },
    { ...TIMEOUT_OPTION, defaultText: '60' },
    ...IMAGE_REGISTRY_OPTIONS,
  ],
  examples: [
    ['tare systems export --kubernetes -o k8s --repository registry.example.com/team', 'then: kubectl apply -f k8s'],
    ['tare systems export --compose --shrunk -o deploy', 'the small images, for docker compose'],
  ],
  async run(input) {
    const action = String(input.args[0]);
    if (action === 'export') return (await import('../system/export.ts')).exportSystemCommand(input);
    throw new TareError('E_USAGE', `${JSON.stringify(action)} is nothing to do with systems`, {
      hint: 'write `tare systems export`; `tare up` and `tare down` run one',
    });
  },
};
