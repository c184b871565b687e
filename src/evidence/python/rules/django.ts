import { parentOf } from '../../../base/path.ts';
import { fileAt, folderAt, resolveText } from '../../node/files.ts';
import type { Place, Rule, Wanted } from './types.ts';

/** Modules that Django imports of each installed app, by convention (django/apps/config.py, django/core/management). */
const CONVENTIONS = [
  'apps',
  'models',
  'admin',
  'urls',
  'views',
  'signals',
  'checks',
  'translation',
  'templatetags',
  'management',
  'management.commands',
  'migrations',
  'context_processors',
];
const FOLDERS = ['templates', 'static', 'locale', 'fixtures', 'jinja2'];
const SETTINGS = [
  'INSTALLED_APPS',
  'MIDDLEWARE',
  'ROOT_URLCONF',
  'TEMPLATES',
  'AUTHENTICATION_BACKENDS',
  'DATABASES',
  'CACHES',
  'STORAGES',
  'LOGGING',
];
/** What django.conf.global_settings and the databases' engines lead to without a constant that spells it out. */
const BACKENDS = ['base', 'client', 'creation', 'features', 'introspection', 'operations', 'schema', 'compiler'];

/** A settings module: it is known by INSTALLED_APPS. Apps, middleware and the rest are dotted names; this finds what apps have by convention. */
export const djangoSettings: Rule = {
  name: 'django-settings',
  find(place) {
    const { process, scan } = place;
    const apps = scan.constants['INSTALLED_APPS'];
    if (apps === undefined || process.resolver.find('django')?.path === undefined) return [];
    const out: Wanted[] = [];
    for (const setting of SETTINGS) {
      for (const text of scan.constants[setting] ?? []) {
        if (!/^[A-Za-z_]\w*(?:\.\w+)*$/.test(text)) continue;
        const module = process.resolver.chain(text).at(-1)?.name;
        if (module !== undefined) out.push({ module, because: `${setting} names ${text}`, certainty: 'likely' });
        if (setting === 'DATABASES')
          for (const part of BACKENDS)
            out.push({ module: `${text}.${part}`, because: `a database engine of Django`, certainty: 'likely' });
      }
    }
    for (const app of apps) out.push(...appNeeds(place, app));
    return out;
  },
};

function appNeeds({ process }: Place, text: string): Wanted[] {
  const { resolver, tree } = process;
  // `polls.apps.PollsConfig` or `polls`.
  const name = text.replace(/\.apps(?:\.\w+)?$/, '');
  const found = resolver.find(name);
  if (found === undefined) return [];
  const out: Wanted[] = [];
  const because = `the installed app ${text}`;
  for (const part of CONVENTIONS) {
    const module = `${name}.${part}`;
    if (resolver.find(module) === undefined) continue;
    out.push({ module, because, certainty: 'likely' });
    if (['management.commands', 'templatetags', 'migrations'].includes(part))
      for (const child of resolver.children(module)) out.push({ module: child, because, certainty: 'likely' });
  }
  for (const folder of found.search)
    for (const item of FOLDERS) {
      const path = resolveText(folder, item);
      if (path !== undefined && folderAt(tree, path) !== undefined)
        out.push({ folder: path, because: `${item} of ${because}`, certainty: 'likely' });
    }
  return out;
}

/** DJANGO_SETTINGS_MODULE, of the environment or of `--settings`. */
export const djangoStart: Rule = {
  name: 'django-start',
  modules: ['django.conf'],
  find({ file, process }) {
    const { args } = process.start.command;
    const given = [
      process.context.env['DJANGO_SETTINGS_MODULE'] ?? [],
      args.flatMap((word) => /^--settings=(.+)$/.exec(word)?.[1] ?? []),
    ].flat();
    const out: Wanted[] = given.map((module) => ({ module, because: `the settings ${module}`, certainty: 'sure' }));
    const formats = resolveText(parentOf(file), 'locale/en/formats.py');
    if (formats !== undefined && fileAt(process.tree, formats) !== undefined) {
      out.push({
        module: 'django.conf.locale.en.formats',
        because: 'Django loads the formats of its languages by name',
        certainty: 'likely',
      });
      out.push({
        folder: resolveText(parentOf(file), 'locale/en/LC_MESSAGES') ?? file,
        because: 'the messages of the default language',
        certainty: 'likely',
      });
    }
    return out;
  },
};
