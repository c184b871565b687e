export { publicName } from '../evidence/observed/public-name.ts';
