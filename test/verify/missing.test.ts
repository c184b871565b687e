import { expect, it } from 'vitest';
import { missingIn } from '../../src/verify/missing.ts';

it.each([
  [
    'node: error while loading shared libraries: libstdc++.so.6: cannot open shared object file: No such file or directory',
    ['libstdc++.so.6'],
  ],
  [
    'Error loading shared library libgcc_s.so.1: No such file or directory (needed by /usr/bin/node)',
    ['libgcc_s.so.1'],
  ],
  ['Error: libvips-cpp.so.42: cannot open shared object file: No such file or directory', ['libvips-cpp.so.42']],
  ["Error: Cannot find module 'express'\nRequire stack:", ['express']],
  ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'pg' imported from /app/x.js", ['pg']],
  ["Error: ENOENT: no such file or directory, open '/app/views/index.ejs'", ['/app/views/index.ejs']],
  ["FileNotFoundError: [Errno 2] No such file or directory: '/etc/app.conf'", ['/etc/app.conf']],
  ["ModuleNotFoundError: No module named 'flask.json'", ['flask.json']],
  ['panic: open /etc/config.yaml: no such file or directory', ['/etc/config.yaml']],
  [
    'runc run failed: unable to start container process: exec: "/bin/x": stat /bin/x: no such file or directory',
    ['/bin/x'],
  ],
  ['executable file `/bin/y` not found in $PATH: No such file or directory', ['/bin/y']],
  ['/entrypoint.sh: line 3: envsubst: command not found', ['envsubst']],
  ['cat: /etc/motd: No such file or directory', ['/etc/motd']],
  ['spawn ffmpeg ENOENT', ['ffmpeg']],
  ["Can't locate JSON/XS.pm in @INC", ['JSON/XS.pm']],
  ['listening on 8080', []],
  ["Cannot find module 'a'\nCannot find module 'a'\nCannot find module 'b'", ['a', 'b']],
])('%j', (output, missing) => {
  expect(missingIn(output)).toEqual(missing);
});

it('is not flooded', () => {
  const output = Array.from({ length: 1000 }, (_, index) => `Cannot find module 'm${index}'`).join('\n');
  expect(missingIn(output)).toHaveLength(100);
  expect(missingIn(`Cannot find module '${'x'.repeat(5000)}'`)).toEqual([]);
});
