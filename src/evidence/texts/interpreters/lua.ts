import type { Interpreter } from './types.ts';
import { wholeFolders } from './whole-folders.ts';

/** Lua: modules that were installed for it; the language itself needs none (package.path, luaconf.h). */
export const lua: Interpreter = {
  programs: /^(?:lua(?:jit)?(?:-?\d[\d.]*)?)$/,
  wanted: async (prefix, _question, { tree }) =>
    wholeFolders(
      tree,
      [prefix, '/usr/local', '/usr'].flatMap((base) => [
        `${base}/share/lua/*`,
        `${base}/lib/lua/*`,
        `${base}/lib/*/lua/*`,
      ]),
      'modules for Lua',
    ),
};
