/** Whether `--file` of `tare build` names a Compose file and no Dockerfile: by its name, as every tool tells them apart. */
export const isComposeFile = (file: string | undefined): boolean => file !== undefined && /\.ya?ml$/i.test(file);
