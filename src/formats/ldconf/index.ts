export { parseLdConf, parseMuslPath } from './parse-ld-conf.ts';
