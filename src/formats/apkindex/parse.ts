import { TareError } from '../../base/error.ts';
import type { ByteString } from '../../base/path.ts';
import type { ApkFile, ApkFolder, ApkStanza } from './types.ts';

const MAX_INSTALLED_BYTES = 256 * 1024 * 1024; // 256 MiB
const MAX_STANZAS = 1_000_000;
const MAX_FIELDS = 1000; // in one stanza

type Building<T> = { -readonly [K in keyof T]: T[K] };
type FolderInProgress = Building<Omit<ApkFolder, 'files'>> & { files: Building<ApkFile>[] };

/**
 * apk's database of what is installed (apk-tools doc/apk-v2.5 "APKINDEX format" and its additions for installed files): lines of
 * `X:value`, a blank line after each package. `R` belongs to the `F` before it, `a` and `Z` to the `R`, `M` to the `F`.
 * @param what names the file in messages
 * @throws TareError E_PACKAGE_DB naming the line; E_LIMIT
 */
export function parseApkInstalled(bytes: Uint8Array, what: string): ApkStanza[] {
  if (bytes.length > MAX_INSTALLED_BYTES)
    throw new TareError('E_LIMIT', `${what} has ${bytes.length} bytes, more than ${MAX_INSTALLED_BYTES}`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const stanzas: ApkStanza[] = [];
  let reader = stanzaReader(what);
  let number = 0;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const stop = end === -1 ? text.length : end;
    const line = text.slice(at, text[stop - 1] === '\r' ? Math.max(at, stop - 1) : stop);
    number += 1;
    if (line !== '') reader.line(line, number, at, stop);
    else if (reader.started()) {
      stanzas.push(reader.done());
      reader = stanzaReader(what);
      if (stanzas.length > MAX_STANZAS) throw new TareError('E_LIMIT', `${what} has more than ${MAX_STANZAS} packages`);
    }
    at = stop + 1;
  }
  if (reader.started()) stanzas.push(reader.done());
  return stanzas;
}

/** The first line with that letter. */
export function apkFieldOf(stanza: ApkStanza, letter: string): ByteString | undefined {
  return stanza.fields.find(([key]) => key === letter)?.[1];
}

interface StanzaReader {
  line(line: string, number: number, start: number, end: number): void;
  started(): boolean;
  done(): ApkStanza;
}

function stanzaReader(what: string): StanzaReader {
  const fields: (readonly [string, ByteString])[] = [];
  const folders: FolderInProgress[] = [];
  let offset = -1;
  let until = 0;
  let folder: FolderInProgress | undefined;
  let file: Building<ApkFile> | undefined;
  const attach = (letter: string, value: string, number: number): void => {
    if (letter === 'F') {
      folder = { path: value, files: [] };
      file = undefined;
      folders.push(folder);
    } else if (letter === 'M' || letter === 'R') {
      if (folder === undefined) throw malformed(what, number, `has ${letter}: without a folder (F:) before it`);
      if (letter === 'M') {
        folder.attributes = value;
        return;
      }
      if (value === '' || value.includes('/')) throw malformed(what, number, 'names a file that is no plain name');
      file = { name: value };
      folder.files.push(file);
    } else {
      if (file === undefined) throw malformed(what, number, `has ${letter}: without a file (R:) before it`);
      if (letter === 'a') file.attributes = value;
      else file.checksum = value;
    }
  };
  return {
    line: (line, number, start, end) => {
      if (line[1] !== ':' || !/^[A-Za-z]/.test(line))
        throw malformed(what, number, 'is not a letter, a colon and a value');
      if (offset === -1) offset = start;
      until = end;
      const letter = line.charAt(0);
      if ('FMRaZ'.includes(letter)) attach(letter, line.slice(2), number);
      else {
        fields.push([letter, line.slice(2)]);
        if (fields.length > MAX_FIELDS)
          throw new TareError('E_LIMIT', `${what}, line ${number}: a package has more than ${MAX_FIELDS} fields`);
      }
    },
    started: () => offset !== -1,
    done: () => ({ offset, size: until - offset, fields, folders }),
  };
}

function malformed(what: string, line: number, why: string): TareError {
  return new TareError('E_PACKAGE_DB', `${what}, line ${line} ${why}`);
}
