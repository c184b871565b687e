/** What the page of a command says beyond its definition. */
export interface CommandNotes {
  /** When it ends with exit code 1; null: never. */
  readonly no: string | null;
  /** Pages of docs/ about its subject, title and file. */
  readonly pages?: readonly (readonly [title: string, file: string])[];
  /** Commands that are used along with it. */
  readonly commands?: readonly string[];
}

const SETTINGS = ['Settings', '../config.md'] as const;
const REGISTRIES = ['Registries', '../registries.md'] as const;
const PROVENANCE = ['What is said of an image', '../provenance.md'] as const;
const CI = ['A gate in CI', '../ci.md'] as const;
const RULES = ['The rules', '../rules/README.md'] as const;
const HOW = ['How it works', '../how-it-works.md'] as const;

/** By name. A command without notes leads to those of its group. */
export const COMMAND_NOTES: Readonly<Record<string, CommandNotes>> = {
  build: {
    no: 'a probe failed (the image gets no name then), the image is larger than the `budget` of tare.yaml, or what `--shrink` made answers otherwise',
    commands: ['shrink', 'verify', 'why', 'init'],
    pages: [SETTINGS, HOW, PROVENANCE],
  },
  shrink: {
    no: 'the image does not pass its own probes, the small one answers otherwise and could not be repaired, or it is larger than the `budget` of tare.yaml',
    commands: ['verify', 'why', 'observe', 'explore'],
    pages: [HOW, SETTINGS],
  },
  init: { no: null, commands: ['build'], pages: [SETTINGS] },
  run: { no: 'any exit code is that of the program in the container', commands: ['verify', 'doctor'] },
  verify: {
    no: "a probe failed, or an answer is unlike the original's",
    commands: ['run', 'shrink', 'check'],
    pages: [SETTINGS, HOW],
  },
  observe: { no: 'the image does not pass its own probes', commands: ['profile', 'shrink'], pages: [HOW] },
  profile: { no: null, commands: ['observe', 'shrink'] },
  lint: {
    no: 'there are findings of the severity of `--fail-on` or above',
    commands: ['build', 'check'],
    pages: [RULES],
  },
  why: { no: 'the path is not in the image', commands: ['explore', 'files', 'diff'], pages: [HOW] },
  inspect: { no: null, commands: ['layers', 'files', 'check'] },
  layers: { no: null, commands: ['files', 'diff', 'explore'] },
  files: { no: null, commands: ['layers', 'why', 'unpack'] },
  diff: { no: 'there are differences, and `--exit-code` was given', commands: ['compare', 'layers', 'why'] },
  compare: { no: null, commands: ['diff', 'check', 'cost'], pages: [CI] },
  check: { no: 'a rule failed', commands: ['inspect', 'verify', 'lint'], pages: [CI, SETTINGS] },
  explore: {
    no: null,
    commands: ['why', 'layers', 'files'],
    pages: [['An ASP.NET Core image, dissected', '../aspnet-dissected.md']],
  },
  sbom: { no: null, commands: ['build', 'sign', 'inspect'], pages: [PROVENANCE] },
  copy: {
    no: 'with `--from-file`, some of the images could not be copied',
    commands: ['pull', 'push', 'index'],
    pages: [REGISTRIES],
  },
  pull: { no: null, commands: ['push', 'copy', 'tags'], pages: [REGISTRIES] },
  push: { no: null, commands: ['pull', 'copy', 'login'], pages: [REGISTRIES] },
  index: { no: null, commands: ['copy', 'push', 'inspect'], pages: [REGISTRIES] },
  tags: { no: null, commands: ['pull', 'prune', 'cost'], pages: [REGISTRIES] },
  login: { no: null, commands: ['logout', 'push'], pages: [REGISTRIES] },
  logout: { no: null, commands: ['login'], pages: [REGISTRIES] },
  sign: { no: null, commands: ['verify-signature', 'sbom'], pages: [PROVENANCE] },
  'verify-signature': { no: 'no signature, or none that this key fits', commands: ['sign'], pages: [PROVENANCE] },
  registry: { no: null, commands: ['push', 'pull', 'prune'], pages: [REGISTRIES] },
  cost: { no: 'a repository could not be looked at', commands: ['prune', 'compare'], pages: [REGISTRIES] },
  images: { no: null, commands: ['tag', 'rm', 'prune'] },
  tag: { no: null, commands: ['images', 'rm'] },
  rm: { no: null, commands: ['prune', 'images'] },
  prune: { no: null, commands: ['rm', 'cost'], pages: [REGISTRIES] },
  unpack: { no: null, commands: ['files', 'copy'] },
  doctor: {
    no: 'something does not work on this machine',
    commands: ['run', 'init'],
    pages: [['When something fails', '../troubleshooting.md']],
  },
};
