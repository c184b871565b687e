import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportSystem, EXPORT_FORMATS, type ExportFormat } from '../../../src/systems/export/index.ts';
import { facts, project, service } from './example.ts';

const name = fc.oneof(
  fc.constantFrom('..', '.', '../../etc/passwd', '/etc/passwd', 'a\nb', 'a b', '%n', '$HOME', '-x', 'CON', ''),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

describe.each(Object.keys(EXPORT_FORMATS) as ExportFormat[])('names that somebody else chose, in %s', (format) => {
  it('lead to no file elsewhere, and to no line of their own', () => {
    fc.assert(
      fc.property(name, name, (first, second) => {
        const mount = (of: 'config' | 'secret') =>
          ({
            kind: 'file',
            at: 'x:1',
            of,
            name: second,
            source: { text: 'text' },
            target: `/${second}`,
            mode: 0o444,
            uid: 0,
            gid: 0,
          }) as const;
        const volume = {
          kind: 'volume',
          at: 'x:2',
          volume: second,
          target: '/v',
          readOnly: false,
          noCopy: false,
        } as const;
        const { files } = exportSystem({
          format,
          project: project(
            [
              service(first, {
                networks: [{ name: second, aliases: [second] }],
                mounts: [mount('config'), mount('secret'), volume],
              }),
            ],
            {
              networks: [{ name: second, internal: false, at: 'x:3' }],
              volumes: [{ name: second, external: false, fullName: second, at: 'x:4' }],
            },
          ),
          facts: [facts(first, { seccomp: '{}' })],
        });
        expect(files.length).toBeGreaterThan(1);
        for (const { path, text } of files) {
          expect(path).toMatch(/^[\w.%-]+(?:\/[\w.%-]+)*$/);
          expect(path).toBe(posix.normalize(path));
          expect(path.startsWith('..')).toBe(false);
          if (path.endsWith('.container'))
            for (const line of text.split('\n')) expect(line).toMatch(/^(?:|#.*|\[\w+\]|\w+=.*)$/);
        }
      }),
    );
  });
});
