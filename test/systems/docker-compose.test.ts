import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProject } from '../../src/systems/read-project.ts';
import { needs } from '../helpers/needs.ts';
import { tempDir } from '../helpers/temp.ts';

const ENV = { SHELL_VAR: 'from the shell', TAG: '2' };

/** What docker-compose 1.29 understands too. */
const PROJECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'short and long forms': {
    'compose.yaml': `x-common: &common
  restart: on-failure:3
  environment: &env {A: "\${A:-deep}", N: 1.10, O: 0777, Q: "\${DOT}", E: "", S: "\${SHELL_VAR}"}
services:
  web:
    <<: *common
    build: {context: ., args: [Y=1], target: t}
    ports: ["8080:80", "127.0.0.1:9000-9002:90-92", "53:53/udp", {target: 99, published: 98}]
    depends_on: [db]
    volumes: ["data:/data", "./x:/data/x:ro", {type: bind, source: ./y, target: /y}, {type: tmpfs, target: /t}]
    command: sh -c "echo 'a b' $$HOME"
    entrypoint: ["/x", "y z"]
    stop_grace_period: 1m30s
    networks: {default: {aliases: [w]}, back: }
    extra_hosts: ["a:1.2.3.4"]
    labels: [a=b]
    expose: ["7000"]
    user: "1000"
    tmpfs: [/run]
  db:
    image: "postgres:\${TAG}"
    environment: [P=own, SHELL_VAR, NOWHERE]
    env_file: [db.env]
    healthcheck: {test: pg_isready, interval: 1m30s, retries: 3}
    cap_drop: [ALL]
    read_only: true
networks: {back: {internal: true}}
volumes: {data: {}, out: {external: true, name: outer}}
`,
    '.env': 'DOT=dotted value # comment\nUNUSED="x"\n',
    'db.env': '# c\nP=file\nZ="quoted value"\nS=\'single\'\nexport EX=1\nH=a#b\nI=a #b\nEMPTY=\n',
  },
  'an override': {
    'docker-compose.yml': `services:
  a: {image: a, command: [one], environment: {A: 1, B: 2}, ports: ["80:80"], labels: {x: y}, dns: 1.1.1.1}
  b: {image: b}
`,
    'docker-compose.override.yml': `services:
  a: {image: c, command: [two, three], environment: [B=3, C=4], ports: ["81:81"], depends_on: [b]}
`,
  },
  'services upon services': {
    'compose.yaml': `services:
  web: {extends: {file: base/base.yaml, service: app}, environment: {B: own}}
`,
    'base/base.yaml': `services:
  app: {extends: {service: root}, environment: {A: base, B: base}, volumes: ["./data:/data"]}
  root: {image: root, restart: always, user: u}
`,
  },
};

describe('docker-compose config', () => {
  it.skipIf(!needs('docker-compose')).each(Object.entries(PROJECTS))('agrees on %s', async (_name, files) => {
    const cwd = join(tempDir(), 'project');
    mkdirSync(join(cwd, 'base'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
    const ours = await readProject({ cwd, env: ENV });
    const flags = 'compose.yaml' in files ? ['-f', 'compose.yaml'] : [];
    const theirs = execFileSync('docker-compose', [...flags, 'config'], {
      cwd,
      env: { ...process.env, ...ENV },
      encoding: 'utf8',
    });
    writeFileSync(join(cwd, 'theirs.yaml'), theirs);
    const again = await readProject({ cwd, files: ['theirs.yaml'], env: ENV });
    expect(comparable(ours.project)).toEqual(comparable(again.project));
  });
});

/** Without places: theirs is another file. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (['at', 'files', 'extensions'].includes(key) ? undefined : inner)),
  );
}
