import type { CheckReport } from '../../explain/check/types.ts';
import { checkGithub } from './github.ts';
import { checkJunit } from './junit.ts';
import { checkMarkdown } from './markdown.ts';
import { checkSarif } from './sarif.ts';

/** The forms of the answer for machines, one line each. */
export const CHECK_FORMATS: Readonly<Record<string, (report: CheckReport) => string>> = {
  json: (report) => JSON.stringify(report, undefined, 2),
  junit: checkJunit,
  sarif: checkSarif,
  github: checkGithub,
  markdown: checkMarkdown,
};
