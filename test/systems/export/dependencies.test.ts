import { expect, it } from 'vitest';
import { exportSystem, EXPORT_FORMATS, type ExportFormat } from '../../../src/systems/export/index.ts';
import { facts, project, service } from './example.ts';

it.each(Object.keys(EXPORT_FORMATS) as ExportFormat[])(
  'what depends on a service of another profile, which may be missing, does not wait for it in %s',
  (format) => {
    const gone = { service: 'debugger', condition: 'service_healthy', required: false, restart: false } as const;
    const db = { service: 'db', condition: 'service_started', required: true, restart: false } as const;
    const whole = (dependsOn: readonly (typeof gone | typeof db)[]) =>
      exportSystem({
        format,
        project: project([service('db'), service('web', { dependsOn })]),
        facts: [facts('db'), facts('web')],
      });
    expect(whole([db, gone])).toEqual(whole([db]));
    expect(whole([gone])).toEqual(whole([]));
  },
);
