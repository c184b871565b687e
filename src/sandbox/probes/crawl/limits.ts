/** How much of one server a crawl asks for. What lies beyond is not asked; nothing fails because of it. */
export const MAX_REQUESTS = 200;
/** Links away from `/`. */
export const MAX_DEPTH = 6;
/** Paths that differ in nothing but digits and letters of an id, such as /item/1 and /item/2. */
export const MAX_SAME_SHAPE = 8;
/** Query strings of one path. */
export const MAX_QUERIES = 3;
export const MAX_PATH_LENGTH = 2048;
/** Of all bodies together, in bytes. */
export const MAX_CRAWL_BYTES = 128 * 1024 * 1024; // 128 MiB
/** Larger documents are not searched for links, in bytes. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024; // 4 MiB
/** Links that are taken from one document. */
export const MAX_LINKS = 500;
/** For one server, in milliseconds. */
export const MAX_CRAWL_MS = 20_000;
/** For one answer, in milliseconds. */
export const MAX_ANSWER_MS = 5000;
