import { joinPath, parentOf } from '../../../base/path.ts';
import { folderAt } from '../../node/files.ts';
import { NAME, PACKAGE, WILD } from '../scan/types.ts';
import { optionValues } from './options.ts';
import { placeOf } from '../place.ts';
import type { Rule, Wanted } from './types.ts';

const MAKERS = /(?:^|\.)(?:Flask|APIFlask|Quart|Blueprint|APIBlueprint)$/;
const FOLDERS = { template_folder: 'templates', static_folder: 'static' } as const;

/** `Flask(__name__)`: templates/ and static/ beside the module, and the files that the constructor is given. */
export const flaskFolders: Rule = {
  name: 'flask-folders',
  find({ file, process, scan }) {
    const out: Wanted[] = [];
    for (const call of scan.calls) {
      if (!MAKERS.test(call.name)) continue;
      const blueprint = call.name.endsWith('Blueprint');
      const own = (call.args[blueprint ? 1 : 0] ?? [NAME]).some(
        (text) => text === NAME || text === PACKAGE || text.includes(WILD),
      );
      if (!own) continue;
      for (const [keyword, usual] of Object.entries(FOLDERS)) {
        for (const text of call.keywords[keyword] ?? (blueprint ? [] : [usual])) {
          const folder = placeOf(text.startsWith('/') ? text : `\u0001/${text}`, parentOf(file));
          if (folder !== undefined && folderAt(process.tree, folder) !== undefined)
            out.push({
              folder,
              because: `${call.name} serves the folder ${text}`,
              certainty: 'likely',
              line: call.line,
            });
        }
      }
    }
    return out;
  },
};

/** `flask run`: the application of `--app` or FLASK_APP, else app.py or wsgi.py (flask/cli.py: ScriptInfo.load_app). */
export const flaskCommand: Rule = {
  name: 'flask-command',
  modules: ['flask.cli'],
  find({ process }) {
    const { args } = process.start.command;
    const given = [
      ...optionValues(args, ['-A', '--app']).map(({ value }) => value),
      ...[process.context.env['FLASK_APP'] ?? []].flat(),
    ];
    const names =
      given.length === 0
        ? ['wsgi', 'app']
        : given.map((text) =>
            text
              .replace(/[:(].*$/s, '')
              .replace(/\.py$/, '')
              .replaceAll('/', '.')
              .replace(/^\.+/, ''),
          );
    const out: Wanted[] = names.map((module) => ({
      module,
      because: 'flask runs it',
      certainty: given.length === 0 ? 'likely' : 'sure',
    }));
    for (const name of ['.flaskenv'])
      out.push({ path: joinPath(process.context.cwd, name), because: 'flask reads it', certainty: 'likely' });
    return out;
  },
};
