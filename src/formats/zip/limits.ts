/** Members of one archive: large application archives have some ten thousand. */
export const MAX_MEMBERS = 500_000;
export const MAX_DIRECTORY_BYTES = 128 * 1024 * 1024; // 128 MiB
