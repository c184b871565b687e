import { bytesOfText } from '../../../base/path.ts';
import { fileAt } from '../../node/files.ts';
import { locate } from '../../locate.ts';
import { optionValues, positionals } from './options.ts';
import type { Place, Rule, Wanted } from './types.ts';

/** gunicorn.workers.SUPPORTED_WORKERS: names of worker classes and the modules that they stand for. */
const WORKERS: Readonly<Record<string, string>> = {
  sync: 'gunicorn.workers.sync',
  eventlet: 'gunicorn.workers.geventlet',
  gevent: 'gunicorn.workers.ggevent',
  gevent_wsgi: 'gunicorn.workers.ggevent',
  gevent_pywsgi: 'gunicorn.workers.ggevent',
  tornado: 'gunicorn.workers.gtornado',
  gthread: 'gunicorn.workers.gthread',
};

const VALUED =
  /^(?:-[cbkwtpugmdeR]|--(?!reload$|reload-engine|daemon$|preload$|no-sendfile$|sendfile$|spew$|check-config$|print-config$|reuse-port$|enable-stdio|capture-output$|initgroups$|proxy-protocol$|disable-redirect|log-syslog$|version$|help$|paste-global$).*)$/;

/** gunicorn loads its worker, its logger and the application by name (gunicorn/config.py, gunicorn/util.py: load_class, import_app). */
export const gunicorn: Rule = {
  name: 'gunicorn',
  modules: ['gunicorn.app.wsgiapp', 'gunicorn.app.base'],
  async find(place) {
    const { process } = place;
    const words = [...process.start.command.args, ...(process.context.env['GUNICORN_CMD_ARGS'] ?? '').split(/\s+/)];
    const out: Wanted[] = [
      { module: 'gunicorn.glogging', because: 'the logger class that gunicorn loads by name', certainty: 'sure' },
      {
        module: WORKERS['sync'] as string,
        because: 'the worker class that gunicorn loads by default',
        certainty: 'sure',
      },
      {
        module: WORKERS['gthread'] as string,
        because: 'the worker class that gunicorn loads when a worker has threads',
        certainty: 'likely',
      },
    ];
    const asked = optionValues(words, ['-k', '--worker-class', '--logger-class', '--statsd-host']);
    for (const { option, value } of asked) {
      if (option === '--statsd-host')
        out.push({ module: 'gunicorn.instrument.statsd', because: option, certainty: 'sure' });
      else out.push(named(value, `${option} ${value}`, 'sure'));
    }
    out.push(...(await configured(place, words)));
    for (const word of positionals(words, VALUED).slice(0, 1))
      out.push({ module: moduleOf(word), because: `gunicorn serves ${word}`, certainty: 'sure' });
    return out;
  },
};

function named(value: string, because: string, certainty: Wanted['certainty']): Wanted {
  const known = WORKERS[value.replace(/^egg:gunicorn#/, '')];
  return { module: known ?? value.replace(/^egg:[^#]*#/, ''), because, certainty };
}

function moduleOf(word: string): string {
  return word.replace(/[:(].*$/s, '');
}

/** The file of `-c`, else gunicorn.conf.py in the working folder. */
async function configured({ process }: Place, words: readonly string[]): Promise<Wanted[]> {
  const given = optionValues(words, ['-c', '--config']).map(({ value }) => value);
  const out: Wanted[] = [];
  for (const value of given.length === 0 ? ['gunicorn.conf.py'] : given) {
    if (value.startsWith('python:')) {
      out.push({ module: value.slice('python:'.length), because: `-c ${value}`, certainty: 'sure' });
      continue;
    }
    const path = locate(process.tree, process.context.cwd, bytesOfText(value.replace(/^file:/, '')))?.path;
    const entry = path === undefined ? undefined : fileAt(process.tree, path);
    if (path === undefined || entry === undefined) continue;
    out.push({ path, because: 'the configuration that gunicorn reads', certainty: 'sure' });
    const { constants = {} } = (await process.scan(entry)) ?? {};
    for (const name of ['worker_class', 'logger_class'])
      for (const text of constants[name] ?? []) out.push(named(text, `${name} of ${value}`, 'sure'));
    for (const text of constants['wsgi_app'] ?? [])
      out.push({ module: moduleOf(text), because: `wsgi_app of ${value}`, certainty: 'sure' });
  }
  return out;
}
