import { defineConfig } from 'vitepress';
import { BASE } from '../lib/base.mjs';
import { sideBars } from '../lib/navigation.mjs';
import { slugOf } from '../lib/slug.mjs';

export default defineConfig({
  title: 'tare',
  description: 'Microcontainers: images that hold what the application needs to run, and nothing more.',
  lang: 'en-GB',
  base: BASE,
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: '.cache',
  // Anchors are those of GitHub, so that one link serves both.
  // Text between angle brackets is text: what pages want of HTML, lib/stage.mjs has made Markdown of.
  markdown: {
    html: false,
    anchor: { slugify: slugOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${BASE}images/mark.svg` }]],
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Commands', link: '/cli' },
      { text: 'How it works', link: '/how-it-works' },
      { text: 'Errors', link: '/errors' },
    ],
    sidebar: sideBars(),
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
