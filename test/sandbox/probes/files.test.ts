import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProbeFile, readOpenapi, readProbeFile } from '../../../src/sandbox/probes/files.ts';
import { tempDir } from '../../helpers/temp.ts';

describe('probe files', () => {
  const probes = [{ http: { port: 80, path: '/a', status: [200, '4XX'] } }, { tcp: { port: 5432 } }];

  it.each([
    '- {http: {port: 80, path: /a, status: [200, 4xx]}}\n- tcp: 5432\n',
    'probes:\n  - {http: {port: 80, path: /a, status: [200, 4XX]}}\n  - tcp: 5432\n',
    '[{"http": {"port": 80, "path": "/a", "status": [200, "4XX"]}}, {"tcp": 5432}]',
  ])('reads %j', (text) => {
    expect(parseProbeFile(text, 'p')).toEqual(probes);
  });

  it.each([
    ['', 'p: neither a list of probes'],
    ['name: x', 'neither a list of probes'],
    ['- {htp: 80}', 'p:1:4: [0]: a probe needs exactly one of'],
    ['probes: [{tcp: 1}, {tcp: 0}]', 'p:1:26: probes[1].tcp: 0 is not a port'],
    ['- http:\n    port: 80\n    paht: /x', 'p:3:5: [0].http: unknown key "paht" (did you mean "path"?)'],
    ['[{"http": {"port": 80,\n "status": 7}}]', 'p:2:12: [0].http.status: status 7 is not'],
    ['- {http: {port: 80, status: [2]}}', 'status 2 is neither'],
    ['- [', 'p:1:4: '],
    [
      'a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]',
      'p: Excessive alias',
    ],
  ])('refuses %j', (text, message) => {
    expect(() => parseProbeFile(text, 'p')).toThrow(message);
  });

  it('reads them from disk', async () => {
    const dir = tempDir();
    const file = join(dir, 'probes.yaml');
    writeFileSync(file, '- tcp: 5432\n');
    expect(await readProbeFile(file)).toEqual([{ tcp: { port: 5432 } }]);
    await expect(readProbeFile(join(dir, 'none'))).rejects.toMatchObject({ code: 'E_PATH_NOT_FOUND' });
    const api = join(dir, 'api.json');
    writeFileSync(api, JSON.stringify({ openapi: '3.1.0', paths: { '/x': { get: { responses: { 200: {} } } } } }));
    const probe = (port: number): unknown => ({ http: { port, path: '/x', method: 'GET', status: [200] } });
    expect(await readOpenapi(`8080:${api}`, { port: 1 })).toEqual([probe(8080)]);
    expect(await readOpenapi(api, { port: 1 })).toEqual([probe(1)]);
    await expect(readOpenapi(api, {})).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(readOpenapi(`8080:${file}`, {})).rejects.toMatchObject({ code: 'E_OPENAPI' });
  });
});
