/** APPNOTE 4.4.5. */
export const METHOD_STORE = 0;
export const METHOD_DEFLATE = 8;
