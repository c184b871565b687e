export const MAX_DOCKERFILE_BYTES = 1024 * 1024; // 1 MiB
/** The longest line that BuildKit's scanner takes, without its line end. */
export const MAX_LINE_BYTES = 64 * 1024 - 1;
export const MAX_LINES = 100_000;
export const MAX_INSTRUCTIONS = 10_000;
export const MAX_WORDS = 65_536; // in one instruction
export const MAX_WARNINGS = 1000;
/** `${A:-${B:-…}}`; each one costs stack. */
export const MAX_EXPANSION_DEPTH = 100;
/** `ENV A=$A$A` doubles with each line. */
export const MAX_EXPANDED_CHARS = 4 * 1024 * 1024;
/** Steps of comparing patterns to values, for one word. */
export const MAX_PATTERN_STEPS = 20_000_000;
/** `EXPOSE 0-65535` names 65536. */
export const MAX_EXPOSED_PORTS = 200_000;
/** The line of the file in a message, in UTF-16 units. */
export const MAX_SHOWN_CHARS = 160;
