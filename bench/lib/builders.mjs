import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon, unmountBelow } from './daemon.mjs';
import { cli, installed, root, run, seconds } from './measure.mjs';

/** In the order of the table. */
export const PEERS = ['BuildKit', 'buildah', 'podman', 'docker'];

/**
 * tare and those of its peers that are installed, each with a data folder of its own in which the base is called `debian`, and with the result where its
 * users have it: tare compresses it into its store, which is an OCI layout; BuildKit exports an OCI archive; the others keep it uncompressed in theirs.
 *
 * A builder: `build(context, { cold })` gives seconds, and `close` ends what runs and takes all mounts away. `cold`: the base is known, and no step.
 * @param base an OCI layout and name, `DIR:NAME`
 * @param only names; default: all
 */
export async function openBuilders({ base, log, only = PEERS, work }) {
  const builders = new Map([['tare', tareBuilder({ base, dir: join(work, 'tare') })]]);
  const makers = { BuildKit: buildkit, buildah: podmanOr('buildah'), podman: podmanOr('podman'), docker };
  for (const name of only) {
    try {
      const made = await makers[name]({ base, dir: join(work, name) });
      if (made === undefined) log(`${name} is not installed`);
      else builders.set(name, made);
    } catch (error) {
      log(`${name} cannot be used here: ${error.message}`);
    }
  }
  return {
    builders,
    close: async () => {
      for (const { close } of builders.values()) await close();
    },
  };
}

/** `home` of the last cold build; for a cold one a home is made that has unpacked the base and knows no more. */
export function tareBuilder({ base, dir }) {
  const home = join(dir, 'home');
  const knows = join(dir, 'knows');
  const env = { ...process.env, TARE_HOME: home };
  const build = (context, ...flags) =>
    seconds(process.execPath, [cli, 'build', '-f', join(context, 'Dockerfile'), context, '-t', 'bench', ...flags], {
      env,
      cwd: dir,
    });
  const fresh = () => {
    rmSync(home, { recursive: true, force: true });
    mkdirSync(knows, { recursive: true });
    writeFileSync(join(knows, 'Dockerfile'), 'FROM debian\nRUN true\n');
    run(process.execPath, [cli, 'copy', `oci:${base}`, 'debian'], { env });
    build(knows, '-q');
    // The peers have had their base for long: its files must not still be on their way to the disk.
    run('sync', ['-f', home]);
  };
  return {
    env,
    fresh,
    build: (context, { cold, flags = [] } = {}) => {
      if (cold) fresh();
      return build(context, '-q', ...flags);
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** The daemon with its own client; script/buildkitd makes both. */
async function buildkit({ base, dir }) {
  const [daemonProgram, client] = ['buildkitd', 'buildctl'].map((name) => {
    const made = join(root, '.tools', name);
    return existsSync(made) ? made : name;
  });
  const isThere = (program) => program.startsWith('/') || installed(program);
  if (!isThere(daemonProgram) || !isThere(client) || !installed('runc')) return undefined;
  const address = `unix://${join(dir, 'sock')}`;
  const config = join(dir, 'buildkitd.toml');
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    config,
    `root = "${join(dir, 'root')}"\n[grpc]\naddress = ["${address}"]\n[worker.oci]\nenabled = true\nbinary = "runc"\n[worker.containerd]\nenabled = false\n`,
  );
  const buildctl = (...args) => [client, ['--addr', address, ...args]];
  const daemon = await startDaemon({
    program: daemonProgram,
    args: ['--config', config],
    dir,
    answers: () => run(...buildctl('debug', 'workers')),
  });
  const layout = join(dir, 'base');
  run('skopeo', ['copy', '-q', `oci:${base}`, `oci:${layout}:debian`]);
  const { manifests } = JSON.parse(run('cat', [join(layout, 'index.json')]));
  const build = (context, { cold } = {}) =>
    seconds(
      ...buildctl(
        'build',
        '--frontend',
        'dockerfile.v0',
        '--progress',
        'plain',
        '--local',
        `context=${context}`,
        '--local',
        `dockerfile=${context}`,
        '--oci-layout',
        `base=${layout}`,
        '--opt',
        `context:debian=oci-layout://base@${manifests[0].digest}`,
        '--output',
        `type=oci,dest=${join(dir, 'out.tar')}`,
        ...(cold ? ['--no-cache'] : []),
      ),
    );
  return { build, close: daemon.close };
}

/** The same flags for both. No network of their own, no user name spaces: as they are quickest on a machine of one's own. */
const podmanOr =
  (program) =>
  async ({ base, dir }) => {
    if (!installed(program, 'skopeo')) return undefined;
    const storage = { root: join(dir, 'root'), runroot: join(dir, 'run') };
    mkdirSync(dir, { recursive: true });
    const flags = ['--root', storage.root, '--runroot', storage.runroot, '--storage-driver', 'overlay'];
    const name = 'localhost/debian:latest';
    run('skopeo', [
      'copy',
      '-q',
      `oci:${base}`,
      `containers-storage:[overlay@${storage.root}+${storage.runroot}]${name}`,
    ]);
    return {
      build: (context, { cold } = {}) =>
        seconds(program, [
          ...flags,
          ...(program === 'podman' ? ['build'] : ['bud']),
          '--isolation',
          'chroot',
          '--layers',
          '--pull-never',
          '-q',
          '-t',
          'bench',
          ...(cold ? ['--no-cache'] : []),
          '-f',
          join(context, 'Dockerfile'),
          context,
        ]),
      close: () => unmountBelow(dir),
    };
  };

/** With its own builder: that of BuildKit is measured by itself. */
async function docker({ base, dir }) {
  if (!installed('docker', 'dockerd', 'containerd', 'skopeo')) return undefined;
  const host = `unix://${join(dir, 'sock')}`;
  const config = join(dir, 'daemon.json');
  mkdirSync(dir, { recursive: true });
  writeFileSync(config, '{}');
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: dir, DOCKER_BUILDKIT: '0' };
  const daemon = await startDaemon({
    program: 'dockerd',
    args: [
      `--host=${host}`,
      `--data-root=${join(dir, 'data')}`,
      `--exec-root=${join(dir, 'exec')}`,
      `--pidfile=${join(dir, 'pid')}`,
      `--config-file=${config}`,
      '--log-level=warn',
      '--bridge=none',
      '--iptables=false',
      '--ip6tables=false',
      '--storage-driver=overlay2',
    ],
    dir,
    env: { DOCKER_TMPDIR: join(dir, 'tmp') },
    answers: () => run('docker', ['version'], { env }),
  });
  const archive = join(dir, 'base.tar');
  run('skopeo', ['copy', '-q', `oci:${base}`, `docker-archive:${archive}:debian:latest`]);
  run('docker', ['load', '-q', '-i', archive], { env });
  return {
    build: (context, { cold } = {}) =>
      seconds('docker', ['build', '-q', '--network', 'none', '-t', 'bench', ...(cold ? ['--no-cache'] : []), context], {
        env,
      }),
    close: daemon.close,
  };
}
