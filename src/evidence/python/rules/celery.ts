import { optionValues } from './options.ts';
import type { Rule, Wanted } from './types.ts';

/** What celery and kombu load by name and no constant spells out in full. */
const ALWAYS = [
  ...'celery.app.amqp celery.app.control celery.app.events celery.app.log celery.app.backends celery.app.builtins celery.app.task'.split(
    ' ',
  ),
  ...'celery.apps.worker celery.worker.components celery.worker.consumer celery.worker.autoscale celery.worker.strategy celery.fixups.django'.split(
    ' ',
  ),
  ...'celery.loaders.app celery.loaders.default celery.events.state celery.concurrency.prefork celery.concurrency.solo celery.concurrency.thread'.split(
    ' ',
  ),
];

/** Celery: `-A proj`, the application's conventional modules, and what its own `symbol_by_name` loads. */
export const celery: Rule = {
  name: 'celery',
  modules: ['celery', 'celery.app.base', 'celery.bin.celery'],
  find({ module, process }) {
    const out: Wanted[] = [];
    if (module === 'celery.app.base')
      for (const name of ALWAYS) out.push({ module: name, because: 'celery loads it by name', certainty: 'likely' });
    if (module !== 'celery.bin.celery') return out;
    const { args } = process.start.command;
    for (const { value } of optionValues(args, [
      '-A',
      '--app',
      '--loader',
      '--config',
      '-I',
      '--include',
      '-P',
      '--pool',
    ])) {
      for (const item of value.split(',')) {
        const name = item.replace(/:.*$/, '');
        const because = `celery is given ${item}`;
        out.push({ module: name, because, certainty: 'sure' });
        // celery.app.utils.find_app: `proj` may mean proj.celery.
        for (const inner of ['celery', 'tasks']) out.push({ module: `${name}.${inner}`, because, certainty: 'likely' });
      }
    }
    out.push({ module: 'celeryconfig', because: 'the configuration that celery looks for', certainty: 'likely' });
    return out;
  },
};
