import type { CommandSpec } from './spec.ts';

export interface CommandLine {
  readonly name: string;
  readonly summary: string;
  readonly group: 'make' | 'prove' | 'systems' | 'explain' | 'ship' | 'store' | 'machine';
  readonly load: () => Promise<CommandSpec>;
}

/** Every command: one line here, one file in commands/. The summaries stand here so that `tare --help` loads none of them. */
export const COMMANDS: readonly CommandLine[] = [
  {
    group: 'make',
    name: 'build',
    summary: 'make a microcontainer from an application folder, or build a Dockerfile',
    load: async () => (await import('./commands/build.ts')).command,
  },
  {
    group: 'make',
    name: 'shrink',
    summary: 'make an image without what it never needs',
    load: async () => (await import('./commands/shrink.ts')).command,
  },
  {
    group: 'make',
    name: 'init',
    summary: 'write a first tare.yaml from what is detected',
    load: async () => (await import('./commands/init.ts')).command,
  },
  {
    group: 'prove',
    name: 'run',
    summary: 'run an image',
    load: async () => (await import('./commands/run.ts')).command,
  },
  {
    group: 'prove',
    name: 'verify',
    summary: 'start an image, probe it, compare it with its original',
    load: async () => (await import('./commands/verify.ts')).command,
  },
  {
    group: 'prove',
    name: 'observe',
    summary: 'record what an image uses while it is probed',
    load: async () => (await import('./commands/observe.ts')).command,
  },
  {
    group: 'prove',
    name: 'profile',
    summary: 'show and merge recordings of what images use',
    load: async () => (await import('./commands/profile.ts')).command,
  },
  {
    group: 'systems',
    name: 'up',
    summary: 'run the services of a Compose file together',
    load: async () => (await import('./commands/up.ts')).command,
  },
  {
    group: 'systems',
    name: 'down',
    summary: 'stop the services of a Compose file',
    load: async () => (await import('./commands/down.ts')).command,
  },
  {
    group: 'systems',
    name: 'ps',
    summary: 'the containers of a Compose project that runs',
    load: async () => (await import('./commands/ps.ts')).command,
  },
  {
    group: 'systems',
    name: 'logs',
    summary: 'what the services of a Compose project have printed',
    load: async () => (await import('./commands/logs.ts')).command,
  },
  {
    group: 'systems',
    name: 'exec',
    summary: 'run one more program in a service that runs',
    load: async () => (await import('./commands/exec.ts')).command,
  },
  {
    group: 'systems',
    name: 'systems',
    summary: 'write a Compose project as Kubernetes, Podman or Compose read it',
    load: async () => (await import('./commands/systems.ts')).command,
  },
  {
    group: 'explain',
    name: 'lint',
    summary: 'findings in a Dockerfile, with what they cost, and their fixes',
    load: async () => (await import('./commands/lint.ts')).command,
  },
  {
    group: 'explain',
    name: 'why',
    summary: 'the chain of reasons that keeps a path',
    load: async () => (await import('./commands/why.ts')).command,
  },
  {
    group: 'explain',
    name: 'inspect',
    summary: 'what an image is, and what is in it',
    load: async () => (await import('./commands/inspect.ts')).command,
  },
  {
    group: 'explain',
    name: 'layers',
    summary: 'where the bytes are, layer by layer',
    load: async () => (await import('./commands/layers.ts')).command,
  },
  {
    group: 'explain',
    name: 'files',
    summary: 'what is in an image, file by file',
    load: async () => (await import('./commands/files.ts')).command,
  },
  {
    group: 'explain',
    name: 'diff',
    summary: 'what changed between two images, folders or archives',
    load: async () => (await import('./commands/diff.ts')).command,
  },
  {
    group: 'explain',
    name: 'compare',
    summary: 'a table of sizes, with honest percentages',
    load: async () => (await import('./commands/compare.ts')).command,
  },
  {
    group: 'explain',
    name: 'check',
    summary: 'hold an image against budgets and rules, for CI',
    load: async () => (await import('./commands/check.ts')).command,
  },
  {
    group: 'explain',
    name: 'explore',
    summary: 'where every byte is, and why, as a page for the browser',
    load: async () => (await import('./commands/explore.ts')).command,
  },
  {
    group: 'ship',
    name: 'sbom',
    summary: 'what an image is made of, as SPDX or CycloneDX',
    load: async () => (await import('./commands/sbom.ts')).command,
  },
  {
    group: 'ship',
    name: 'copy',
    summary: 'copy an image from one transport to another',
    load: async () => (await import('./commands/copy.ts')).command,
  },
  {
    group: 'ship',
    name: 'pull',
    summary: 'fetch an image from a registry into the store',
    load: async () => (await import('./commands/pull.ts')).command,
  },
  {
    group: 'ship',
    name: 'push',
    summary: 'put an image into a registry',
    load: async () => (await import('./commands/push.ts')).command,
  },
  {
    group: 'ship',
    name: 'index',
    summary: 'make one index of images of several platforms',
    load: async () => (await import('./commands/image-index.ts')).command,
  },
  {
    group: 'ship',
    name: 'tags',
    summary: 'the tags of a repository in a registry',
    load: async () => (await import('./commands/tags.ts')).command,
  },
  {
    group: 'ship',
    name: 'login',
    summary: 'keep credentials for a registry',
    load: async () => (await import('./commands/login.ts')).command,
  },
  {
    group: 'ship',
    name: 'logout',
    summary: 'forget the credentials for a registry',
    load: async () => (await import('./commands/logout.ts')).command,
  },
  {
    group: 'ship',
    name: 'sign',
    summary: 'sign an image in a registry',
    load: async () => (await import('./commands/sign.ts')).command,
  },
  {
    group: 'ship',
    name: 'verify-signature',
    summary: 'check who signed an image in a registry',
    load: async () => (await import('./commands/verify-signature.ts')).command,
  },
  {
    group: 'ship',
    name: 'registry',
    summary: 'run a registry of images on this machine',
    load: async () => (await import('./commands/registry.ts')).command,
  },
  {
    group: 'ship',
    name: 'cost',
    summary: 'what repositories keep, what a pull moves, what both cost',
    load: async () => (await import('./commands/cost.ts')).command,
  },
  {
    group: 'store',
    name: 'images',
    summary: 'the images of the local store',
    load: async () => (await import('./commands/images.ts')).command,
  },
  {
    group: 'store',
    name: 'tag',
    summary: 'give an image one more name',
    load: async () => (await import('./commands/tag.ts')).command,
  },
  {
    group: 'store',
    name: 'rm',
    summary: 'take a name away',
    load: async () => (await import('./commands/rm.ts')).command,
  },
  {
    group: 'store',
    name: 'prune',
    summary: 'delete what no name refers to',
    load: async () => (await import('./commands/prune.ts')).command,
  },
  {
    group: 'store',
    name: 'unpack',
    summary: 'write the file system of an image to a folder, safely',
    load: async () => (await import('./commands/unpack.ts')).command,
  },
  {
    group: 'machine',
    name: 'doctor',
    summary: 'what works on this machine, and how to mend the rest',
    load: async () => (await import('./commands/doctor.ts')).command,
  },
];
