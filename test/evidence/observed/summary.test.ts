import { expect, it } from 'vitest';
import { summariseProfile } from '../../../src/evidence/observed/index.ts';
import { profileText } from '../../../src/report/profile.ts';
import { createStyle } from '../../../src/report/style.ts';
import { expectShape } from '../../helpers/schema.ts';
import { profileWith } from './profiles.ts';

const PROFILE = profileWith([
  { path: '/', how: ['list'] },
  { path: '/app/main.py', how: ['open', 'stat'], by: ['/usr/bin/python3.11'] },
  { path: '/usr/bin/python3.11', how: ['exec'], phases: ['start', 'http GET 8080/'] },
  { path: '/usr/lib/python3.11/os.py', how: ['stat'], by: ['/usr/bin/python3.11'], phases: ['command x\u202etxt'] },
  { path: '/usr/lib/python3.11/re.py', how: ['stat'], by: ['/opt/\x1b[2J'] },
]);

it('counts what a profile holds', () => {
  const summary = summariseProfile({ ...PROFILE, ports: [8080], syscalls: ['read'] });
  expect(summary).toEqual({
    platforms: ['linux/amd64'],
    paths: 5,
    phases: [
      { name: 'start', paths: 4 },
      { name: 'command x\u202etxt', paths: 1 },
      { name: 'http GET 8080/', paths: 1 },
    ],
    accesses: [
      { how: 'exec', paths: 1 },
      { how: 'open', paths: 1 },
      { how: 'list', paths: 1 },
      { how: 'stat', paths: 3 },
    ],
    folders: [
      { path: '/', paths: 1 },
      { path: '/app', paths: 1 },
      { path: '/usr/bin', paths: 1 },
      { path: '/usr/lib', paths: 2 },
    ],
    programs: [
      { path: '/opt/\u001b[2J', paths: 1 },
      { path: '/usr/bin/python3.11', paths: 2 },
    ],
    ports: [8080],
    syscalls: ['read'],
  });
  expectShape('profile-show', summary);
  expectShape('profile-show', summariseProfile(PROFILE));
});

it('shows it to people, without what would forge a line', () => {
  const text = profileText(summariseProfile(PROFILE))(createStyle({ colour: false, width: 80 }));
  expect(text).toMatchInlineSnapshot(`
    "5 paths on linux/amd64
    ports: none
    system calls: not recorded

    paths  phase
        4  start
        1  command x\\u202etxt
        1  http GET 8080/

    paths  how
        1  exec
        1  open
        1  list
        3  stat

    paths  folder
        2  /usr/lib
        1  /
        1  /app
        1  /usr/bin

    paths  program
        2  /usr/bin/python3.11
        1  /opt/\\x1b[2J"
  `);
});
