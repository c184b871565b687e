import type { ApkFile, ApkFolder, ApkStanza } from './types.ts';

/** The database as apk writes it: a blank line after each package. `parseApkInstalled` gives the same stanzas back. */
export function encodeApkInstalled(stanzas: readonly Pick<ApkStanza, 'fields' | 'folders'>[]): Buffer {
  const texts = stanzas.map(
    ({ fields, folders }) =>
      `${fields.map(([letter, value]) => line(letter, value)).join('')}${folders.map(encodeFolder).join('')}\n`,
  );
  return Buffer.from(texts.join(''), 'latin1');
}

function encodeFolder(folder: ApkFolder): string {
  return line('F', folder.path) + line('M', folder.attributes) + folder.files.map(encodeFile).join('');
}

function encodeFile(file: ApkFile): string {
  return line('R', file.name) + line('a', file.attributes) + line('Z', file.checksum);
}

function line(letter: string, value: string | undefined): string {
  return value === undefined ? '' : `${letter}:${value}\n`;
}
