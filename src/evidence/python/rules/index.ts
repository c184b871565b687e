import { askedFor } from './asked-for.ts';
import { celery } from './celery.ts';
import { djangoSettings, djangoStart } from './django.ts';
import { flaskCommand, flaskFolders } from './flask.ts';
import { gunicorn } from './gunicorn.ts';
import { packages } from './packages.ts';
import { pygments } from './pygments.ts';
import { servers } from './servers.ts';
import { six } from './six.ts';
import { sysconfig } from './sysconfig.ts';
import { templates } from './templates.ts';
import type { Rule } from './types.ts';
import { uvicorn } from './uvicorn.ts';
import { vendored } from './vendored.ts';
import { zones } from './zones.ts';

export { fileNamed, type Place, type Rule, type Wanted } from './types.ts';

/** Every rule, one line each. */
export const RULES: readonly Rule[] = [
  askedFor,
  celery,
  djangoSettings,
  djangoStart,
  flaskCommand,
  flaskFolders,
  gunicorn,
  packages,
  pygments,
  servers,
  six,
  sysconfig,
  templates,
  uvicorn,
  vendored,
  zones,
];
