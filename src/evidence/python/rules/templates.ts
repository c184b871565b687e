import { parentOf } from '../../../base/path.ts';
import { folderAt } from '../../node/files.ts';
import { locate } from '../../locate.ts';
import { bytesOfText } from '../../../base/path.ts';
import { placeOf } from '../place.ts';
import { HERE, WILD } from '../scan/types.ts';
import type { Rule, Wanted } from './types.ts';

const LOADERS = /(?:^|\.)(?:FileSystemLoader|Jinja2Templates|StaticFiles)$/;

/** Folders that template loaders and static file servers are given, from the working folder when they are relative. */
export const templates: Rule = {
  name: 'templates',
  find({ file, own, process, scan }) {
    const out: Wanted[] = [];
    for (const call of own ? scan.calls : []) {
      if (!LOADERS.test(call.name)) continue;
      for (const text of [
        call.args[0] ?? [],
        call.keywords['directory'] ?? [],
        call.keywords['searchpath'] ?? [],
      ].flat()) {
        if (text.includes(WILD) || text === '') continue;
        const folder =
          text.startsWith(HERE) || text.startsWith('/')
            ? placeOf(text, parentOf(file))
            : locate(process.tree, process.context.cwd, bytesOfText(text))?.path;
        if (folder !== undefined && folder !== process.context.cwd && folderAt(process.tree, folder) !== undefined)
          out.push({
            folder,
            because: `${call.name} reads the folder ${text.replaceAll(HERE, '.')}`,
            certainty: 'likely',
            line: call.line,
          });
      }
    }
    return out;
  },
};
