export { imageGroups } from '../plan/groups.ts';
