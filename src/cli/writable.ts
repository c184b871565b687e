/**
 * Notices before the work what would otherwise be noticed after it: files that cannot be written. Nothing is made; undefined ones are none.
 * @throws TareError E_PATH_NOT_FOUND, E_NOT_DIRECTORY, E_EXISTS, E_PERMISSION, E_READ_ONLY
 */
export async function refuseUnwritable(files: readonly (string | undefined)[]): Promise<void> {
  const wanted = files.filter((file) => file !== undefined);
  if (wanted.length === 0) return;
  const { refuseUnreplaceable } = await import('../transports/write-file.ts');
  for (const file of wanted) await refuseUnreplaceable(file);
}
