export { compareApkVersions } from './apk.ts';
export { compareDebVersions } from './deb.ts';
