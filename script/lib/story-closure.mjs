// What a run time needs at the least, asked without tare's own analysers: the program, and the libraries that the loader of the image finds for it.

/** Prints `SIZE PATH` of the program, of each library and of the loader, then the version, then the newest entry of the log of changes. */
const QUESTION = `
set -eu
program=$1
for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
  real=$(readlink -f "$file")
  stat -c 'size %s %n' "$real"
done | sort -u
echo "version $("$program" --version)"
sed -n 's/^## \\([0-9-]*\\), Version \\([0-9.]*\\).*/released \\1 \\2/p' /usr/local/CHANGELOG.md | head -n 1
`;

/**
 * `{bytes, files, version, released}` of `program` in the image: `files` are `{path, size}`, `released` is the day that the run time's own log of changes
 * gives for its version (YYYY-MM-DD). Asked inside of the image, of `ldd`. @throws Error when the log is of another version
 */
export async function closureOf(reference, program, { tareText }) {
  const text = await tareText(['run', '--entrypoint', '/bin/sh', reference, '-c', QUESTION, 'sh', program]);
  const files = [...text.matchAll(/^size (\d+) (.+)$/gm)].map(([, size, path]) => ({ path, size: Number(size) }));
  const [, version] = /^version v?(.+)$/m.exec(text) ?? [];
  const [, released, of] = /^released (\S+) (\S+)$/m.exec(text) ?? [];
  if (files.length === 0 || version === undefined || of !== version)
    throw new Error(`${reference}: what ${program} is cannot be told from:\n${text}`);
  return { bytes: files.reduce((sum, { size }) => sum + size, 0), files, version, released };
}
