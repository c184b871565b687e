/** What other tools call a command of tare. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['df', 'images --disk'],
  ['dive', 'layers'],
  ['explain', 'why'],
  ['history', 'layers'],
  ['info', 'doctor'],
  ['kompose', 'systems export --kubernetes'],
  ['list', 'images'],
  ['load', 'copy'],
  ['ls', 'images'],
  ['manifest', 'index'],
  ['minify', 'shrink'],
  ['mint', 'shrink'],
  ['publish', 'push'],
  ['rename', 'tag'],
  ['rmi', 'rm'],
  ['save', 'copy'],
  ['slim', 'shrink'],
  ['test', 'verify'],
  ['version', '--version'],
  ['xray', 'inspect'],
]);

/** What tare has in place of a command that it does not have. */
const CURES: ReadonlyMap<string, string> = new Map([
  ['attach', '`tare logs -f SERVICE` shows what a service prints, `tare exec SERVICE sh` runs a shell in it'],
  ['commit', 'what a container has written is not kept; `tare build -f Dockerfile` makes images'],
  [
    'config',
    '`tare systems export --compose --no-observe` prints the project as one file; `tare login` keeps credentials',
  ],
  ['convert', '`tare copy` writes an image in another form, `tare systems export` a Compose project'],
  [
    'cp',
    '`tare copy` copies images; files of one: `tare files IMAGE --cat PATH`, of a service: `tare exec -T SERVICE cat PATH`',
  ],
  ['create', '`tare up` makes containers and starts them'],
  [
    'debug',
    '`tare exec SERVICE sh` runs a shell in a service, `tare run -i -t --entrypoint sh IMAGE` in an image, where there is one',
  ],
  ['events', '`tare up` tells what happens while it runs, `tare ps` what is now'],
  ['export', '`tare unpack IMAGE DIR` writes the files of an image, `tare systems export` a Compose project'],
  ['import', '`tare copy docker-archive:FILE NAME` takes an image in; a folder of files: `tare build`'],
  ['kill', '`tare down -t 0` stops a Compose project at once; Ctrl-C ends `tare run`, a second one at once'],
  ['network', 'networks are made by `tare up`, and go with `tare down`'],
  ['pause', 'containers are not paused; `tare down` stops a project'],
  ['port', '`tare ps` shows the published ports'],
  ['restart', 'a project: `tare down`, then `tare up -d`; `restart:` in the Compose file starts again what has ended'],
  ['scale', '`tare up --scale SERVICE=NUMBER`, when it starts'],
  ['scout', '`tare sbom IMAGE` lists what is inside, for a scanner'],
  ['search', 'there is no search; `tare tags HOST/REPOSITORY` lists the tags of a repository'],
  ['start', '`tare up -d` starts a Compose project, `tare run IMAGE` an image'],
  ['stats', '`tare ps` shows the containers; they are processes of this machine, which top shows'],
  ['stop', '`tare down` stops a Compose project; Ctrl-C ends `tare run`'],
  ['top', '`tare ps` shows the containers; they are processes of this machine, which top shows'],
  ['volume', 'volumes are made by `tare up`, and go with `tare down -v`'],
  ['volumes', 'volumes are made by `tare up`, and go with `tare down -v`'],
  ['wait', '`tare up -d` comes back when all services are ready'],
  ['watch', 'nothing is watched; after a change: `tare down`, then `tare up --build`'],
]);

/** Words before the command in other tools: `docker compose up`, `docker image ls`. With what they mean alone. */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ['buildx', '`tare build -f Dockerfile`'],
  ['builder', '`tare prune --cache`'],
  ['compose', '`tare up`'],
  ['docker-compose', '`tare up`'],
  ['container', '`tare ps --all`'],
  ['image', '`tare images`'],
  ['system', '`tare prune`'],
]);
/** What a command means behind a group, where it means something else than alone. */
const IN_GROUP: ReadonlyMap<string, string> = new Map([
  ['compose convert', '`tare systems export --compose --no-observe`'],
  ['compose ls', '`tare ps --all`'],
  ['buildx build', '`tare build -f Dockerfile`'],
  ['container ls', '`tare ps --all`'],
  ['image rm', '`tare rm`'],
]);

/**
 * What to type for what users of docker, podman, dive or slim type.
 * @param words the command line without its flags
 * @param has whether tare has a command of this name
 */
export function cureOfCommand(words: readonly string[], has: (name: string) => boolean): string | undefined {
  const [name = '', next] = words;
  const group = GROUPS.get(name);
  if (group !== undefined) {
    const own = IN_GROUP.get(`${name.replace('docker-', '')} ${next ?? ''}`);
    if (own !== undefined || next === undefined) return `here it is ${own ?? group}`;
    return has(next) ? `here it is \`tare ${next}\`` : (cureOfCommand([next], has) ?? `did you mean ${group}?`);
  }
  const alias = ALIASES.get(name);
  return alias === undefined ? CURES.get(name) : `did you mean \`tare ${alias}\`?`;
}

const NAME_OF_RESULT = 'the name of the result: --name NAME[:TAG]';
const NO_LIMITS = 'containers run without limits of their own';
const NO_FORMAT = '--json answers in JSON, which jq takes apart';
const NO_MORE_RIGHTS = 'containers of `tare run` have no further rights; cap_add in a Compose file gives capabilities';
const ORPHANS = 'containers of services that are no longer in the file are ended by `tare down` like all others';

/** By command and flag: what to do instead. */
const FLAGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  build: {
    '--load': 'the image is in the store anyway; for a daemon: -o docker-archive:FILE, then docker load -i FILE',
    '--push': 'write it to a registry too: -o docker://HOST/NAME',
    '--rm': 'containers of steps are never kept',
    '--squash': '--shrink leaves out what the result never needs',
  },
  down: {
    '--remove-orphans': ORPHANS,
    '--rmi': 'images stay; `tare rm NAME` takes a name away, `tare prune` frees the space',
  },
  exec: {
    '-f': 'the Compose file: `tare exec --file FILE SERVICE COMMAND`',
    '-d': 'it runs until it ends; leave it to your shell: `tare exec SERVICE COMMAND &`',
    '--detach': 'it runs until it ends; leave it to your shell: `tare exec SERVICE COMMAND &`',
    '--privileged': 'it has the rights of its service',
  },
  images: { '-a': 'all of them are shown', '--all': 'all of them are shown' },
  inspect: { '-f': NO_FORMAT },
  layers: { '--ci': 'budgets and rules for CI: `tare check IMAGE`, which takes a .dive-ci' },
  login: {
    '-p': 'not on the command line, where others see it: --password-stdin',
    '--password': 'not on the command line, where others see it: --password-stdin',
  },
  logs: {
    '--since': 'show the times of the lines with -t, the last lines with -n',
    '--until': 'show the times of the lines with -t, the last lines with -n',
  },
  prune: {
    '-a': 'a name keeps its image; take it away first: `tare rm NAME`',
    '--all': 'a name keeps its image; take it away first: `tare rm NAME`',
    '-f': 'nothing is asked; --dry-run says what would be deleted',
    '--force': 'nothing is asked; --dry-run says what would be deleted',
  },
  ps: { '--services': '--json has the service of each container' },
  rm: {
    '-f': 'nothing is asked, and containers have no names that could be in the way',
    '--force': 'nothing is asked, and containers have no names that could be in the way',
  },
  run: {
    '-P': 'name the port: -p 8080',
    '-m': NO_LIMITS,
    '--add-host': 'a Compose file has extra_hosts; `tare up` knows them',
    '--cap-add': NO_MORE_RIGHTS,
    '--cap-drop': 'a Compose file has cap_drop; `tare up` knows it',
    '--cpus': NO_LIMITS,
    '--env-file': 'one by one: -e NAME=VALUE; or env_file in a Compose file, for `tare up`',
    '--link': 'services find each other by name in a Compose project: `tare up`',
    '--memory': NO_LIMITS,
    '--mount': 'a folder or file: -v SOURCE:TARGET[:ro]; named volumes are for Compose files',
    '--name': 'nothing of a container is kept, and it needs no name; services of a Compose file have one: `tare up`',
    '--net': 'it is --network private, none or host',
    '--privileged': NO_MORE_RIGHTS,
    '--publish-all': 'name the port: -p 8080',
    '--restart': 'a Compose file has restart; `tare up` does it',
    '--tmpfs': '/tmp can always be written; a Compose file has tmpfs for other places',
  },
  shrink: {
    '-t': NAME_OF_RESULT,
    '--continue-after': 'watch for a time: --observe 30s; or until a test suite ends: --run COMMAND',
    '--exclude-pattern': '--exclude GLOB',
    '--http-probe': 'exposed ports are crawled unless probes are named: --probe http:8080/',
    '--http-probe-cmd': '--probe http:8080/PATH',
    '--include-path': '--include GLOB',
    '--tag': NAME_OF_RESULT,
    '--target': 'the image stands alone: `tare shrink IMAGE`',
  },
  up: {
    '-t': 'stop_grace_period of a service says it; `tare down -t SECONDS` for all',
    '--abort-on-container-exit': 'for tests: `tare verify -f FILE` asks probes, and stops everything',
    '--attach': 'it shows all; of some: `tare up -d`, then `tare logs -f SERVICE`',
    '--no-attach': 'it shows all; of some: `tare up -d`, then `tare logs -f SERVICE`',
    '--always-recreate-deps': 'containers are always made anew',
    '--exit-code-from': 'for tests: `tare verify -f FILE` asks probes, and stops everything',
    '--force-recreate': 'containers are always made anew; a project that runs is ended by `tare down` first',
    '--no-build': 'only what the store lacks is built',
    '--no-deps': 'what a service depends on comes along; `tare run IMAGE` runs an image alone',
    '--no-recreate': 'containers are always made anew',
    '--pull': 'only what the store lacks is fetched; `tare pull` fetches it anew',
    '--remove-orphans': ORPHANS,
    '-V': 'volumes without a name are always new',
    '--renew-anon-volumes': 'volumes without a name are always new',
    '--timeout': 'stop_grace_period of a service says it; `tare down -t SECONDS` for all',
    '--wait': '-d waits until all services are ready',
    '--watch': 'nothing is watched; after a change: `tare down`, then `tare up --build`',
  },
};
const FLAGS_ANYWHERE: Readonly<Record<string, string>> = { '--filter': NO_FORMAT, '--format': NO_FORMAT };
/** `docker compose -f FILE up`. */
const BEFORE_COMMAND: ReadonlySet<string> = new Set([
  '-f',
  '--file',
  '-p',
  '--project-name',
  '--project-directory',
  '--env-file',
  '--profile',
]);

/**
 * What to do instead of a flag that tare does not have there.
 * @param command undefined when it stands before any command
 * @param flag without its value
 */
export function cureOfFlag(command: string | undefined, flag: string): string | undefined {
  if (command === undefined)
    return BEFORE_COMMAND.has(flag) ? 'flags stand behind the command: `tare up -f FILE`' : undefined;
  const own = Object.hasOwn(FLAGS, command) ? FLAGS[command] : undefined;
  if (own !== undefined && Object.hasOwn(own, flag)) return own[flag];
  return Object.hasOwn(FLAGS_ANYWHERE, flag) ? FLAGS_ANYWHERE[flag] : undefined;
}

/** By command: what it does with services that are named, as others take them. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  down: 'it stops all services of a project; another project than that of this folder: -p NAME',
  ps: 'it shows all containers of a project; another project than that of this folder: -p NAME',
};

/** What to do instead of an argument that a command does not take. */
export const cureOfArgument = (command: string): string | undefined =>
  Object.hasOwn(ARGUMENTS, command) ? ARGUMENTS[command] : undefined;
