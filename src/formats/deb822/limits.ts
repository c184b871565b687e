/** The index of a whole distribution has some 60 MB; a status file with every package installed would have more. */
export const MAX_DEB822_BYTES = 256 * 1024 * 1024; // 256 MiB
export const MAX_STANZAS = 1_000_000;
export const MAX_FIELDS = 1000; // in one stanza
export const MAX_FIELD_NAME_BYTES = 256;
