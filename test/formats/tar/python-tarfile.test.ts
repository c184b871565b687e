import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { collectBytes } from '../../../src/base/streams.ts';
import { writeTar, type TarHeader } from '../../../src/formats/tar/index.ts';
import { needs } from '../../helpers/needs.ts';
import { parse } from './parse.ts';

/** A second opinion beside GNU tar's: Python's own reader and writer. */
const READ = `
import io, json, sys, tarfile
archive = tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), encoding="latin-1", errors="strict")
out = []
for m in archive:
    out.append([m.name, m.type.decode(), m.mode, m.uid, m.gid, m.size, m.mtime, m.linkname, m.devmajor, m.devminor])
print(json.dumps(out))
`;

const WRITE = `
import io, sys, tarfile
out = io.BytesIO()
archive = tarfile.open(fileobj=out, mode="w", format=getattr(tarfile, sys.argv[1]), encoding="utf-8")
def add(name, content=b"", **fields):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in fields.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(content))
add("plain", b"content", mode=0o755, uid=1, gid=2, mtime=1000)
add("n" * 300, b"x" * 1000)
add("caf\\u00e9")
add("link", type=tarfile.SYMTYPE, linkname="t" * 200)
add("hard", type=tarfile.LNKTYPE, linkname="plain")
add("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
add("big", uid=3000000, gid=4000000000)
archive.close()
sys.stdout.buffer.write(out.getvalue())
`;

const base = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 } as const;
const HEADERS: readonly TarHeader[] = [
  { ...base, path: 'plain', mode: 0o4755, mtime: 1_000_000_000 },
  { ...base, path: `${'p'.repeat(150)}/${'n'.repeat(90)}` },
  { ...base, path: 'n'.repeat(1000), uid: 3_000_000, gid: 4_000_000_000 },
  { ...base, path: 'old', mtime: -1.5 },
  { ...base, path: 'link', type: 'symlink', linkname: 't'.repeat(300) },
  { ...base, path: 'null', type: 'char', device: [1, 3] },
  { ...base, path: 'a\n30 path=forged', type: 'fifo' },
];

describe.skipIf(!needs('python3'))('Python tarfile', () => {
  it('reads ours', async () => {
    const bytes = await collectBytes(writeTar(HEADERS.map((header) => ({ header }))), 1e6, 'archive');
    const output = execFileSync('python3', ['-c', READ], { input: bytes });
    const flags = { file: '0', symlink: '2', char: '3', fifo: '6', hardlink: '1', block: '4', directory: '5' };
    const expected = HEADERS.map(({ path, type, mode, uid, gid, size, mtime, linkname = '', device = [0, 0] }) => [
      path,
      flags[type],
      mode,
      uid,
      gid,
      size,
      mtime,
      linkname,
      ...device,
    ]);
    expect(JSON.parse(output.toString())).toEqual(expected);
  });

  it.each(['GNU_FORMAT', 'PAX_FORMAT'])('writes %s for us', (format) => {
    const bytes = execFileSync('python3', ['-c', WRITE, format]);
    const { members, data } = parse(bytes, {}, [700]);
    expect(members).toMatchObject([
      { path: 'plain', size: 7, mode: 0o755, uid: 1, gid: 2, mtime: 1000 },
      { path: 'n'.repeat(300), size: 1000 },
      { path: 'caf\xc3\xa9' },
      { path: 'link', type: 'symlink', linkname: 't'.repeat(200) },
      { path: 'hard', type: 'hardlink', linkname: 'plain' },
      { path: 'null', type: 'char', device: [1, 3] },
      { path: 'big', uid: 3_000_000, gid: 4_000_000_000 },
    ]);
    expect(data.slice(0, 2)).toEqual(['content', 'x'.repeat(1000)]);
  });
});
