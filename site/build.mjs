// Builds the site from docs/ into site/dist: `npm run site`.
import { fileURLToPath } from 'node:url';
import { build } from 'vitepress';
import { stage } from './lib/stage.mjs';

stage();
await build(fileURLToPath(new URL('.', import.meta.url)));
