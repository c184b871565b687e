import { expect, it } from 'vitest';
import { parseLdConf, parseMuslPath } from '../../../src/formats/ldconf/index.ts';

it.each<[string, ReturnType<typeof parseLdConf>]>([
  ['', []],
  ['include /etc/ld.so.conf.d/*.conf\n', [{ include: '/etc/ld.so.conf.d/*.conf' }]],
  ['include a.conf\tb.conf', [{ include: 'a.conf' }, { include: 'b.conf' }]],
  [
    '# all\n/usr/local/lib # mine\n\n  /opt/a b/lib  \n',
    [{ directory: '/usr/local/lib' }, { directory: '/opt/a b/lib' }],
  ],
  ['hwcap 0 nosegneg\nhwcap\n/x', [{ directory: '/x' }]],
  ['/usr/lib/libc5-compat=libc5', [{ directory: '/usr/lib/libc5-compat' }]],
  ['relative/lib\ninclude\n', []],
  ['includes/x\n/includes\r\n', [{ directory: '/includes' }]],
])('ld.so.conf %j', (text, lines) => {
  expect(parseLdConf(text)).toEqual(lines);
});

it.each<[string, string[]]>([
  ['', []],
  ['/lib/x86_64-linux-musl\n/lib:/usr/lib\n', ['/lib/x86_64-linux-musl', '/lib', '/usr/lib']],
  ['::/a:\n\n:/b', ['/a', '/b']],
  ['/a\0/b', ['/a']],
])('ld-musl.path %j', (text, folders) => {
  expect(parseMuslPath(text)).toEqual(folders);
});
