export { parseNginxConf } from './parse.ts';
export type { NginxConf, NginxDirective } from './types.ts';
