// The stories of examples/dockerfiles: what is built of which sources, and the sizes that were published for each of them, in MB on disk.

/**
 * `app`: the example whose folder is the context; its tare.yaml holds the probes. `stages`: a Dockerfile each, in the order of the story; `published` is
 * the size that was told of it, `shrunk` that of what it was made into, where somebody told one. `naive`: the Dockerfile that is linted and mended.
 */
export const STORIES = [
  {
    name: 'py-status-naive',
    title: 'A Python service in one naive stage',
    app: 'py-status',
    stages: [{ file: 'Dockerfile', published: 702.5, shrunk: 82 }],
    naive: 'Dockerfile',
  },
  {
    name: 'py-flask',
    title: 'Flask, bcrypt and a compiled psycopg2',
    app: 'py-flask',
    stages: [
      { file: 'Dockerfile', published: 467.4 },
      { file: 'Dockerfile.virtual', published: 309.1 },
      { file: 'Dockerfile.runtime', published: 117.3 },
    ],
    naive: 'Dockerfile',
  },
  {
    name: 'go-status',
    title: 'Go on three bases',
    app: 'go-status',
    stages: [
      { file: 'Dockerfile.debian', published: 136 },
      { file: 'Dockerfile.alpine', published: 16.1 },
      { file: 'Dockerfile.scratch', published: 11 },
    ],
    naive: 'Dockerfile.debian',
  },
  {
    name: 'aspnet',
    title: 'ASP.NET Core, from its SDK to its run time',
    app: 'aspnet',
    bases: ['dotnet-sdk', 'dotnet-aspnet'],
    stages: [
      { file: 'Dockerfile.sdk', published: 1200 },
      { file: 'Dockerfile', published: 316 },
    ],
    naive: 'Dockerfile.sdk',
  },
];

/** Targets of bases.Dockerfile: the name that a FROM line has for each. */
export const BASES = {
  debian: 'debian:12',
  alpine: 'alpine:3',
  'dotnet-sdk': 'dotnet/sdk:3.1',
  'dotnet-aspnet': 'dotnet/aspnet:3.1',
};
