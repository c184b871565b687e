import { createHash } from 'node:crypto';
import type { ExploreData } from '../../explain/explore/types.ts';
import { readPageAssets } from './asset.ts';

export interface Page {
  readonly html: string;
  /** The policy that the page carries, for the header of a server. */
  readonly policy: string;
}

/** Fast, and nearly as small as can be. */
const GZIP_LEVEL = 6;

/**
 * The page of `tare explore` as one file that asks for nothing else. Names out of the image are in the compressed data alone, and the script gives them to the
 * browser as text; should one become markup all the same, the policy lets no script run but this one. The same data gives the same bytes.
 */
export async function pageOf(data: ExploreData): Promise<Page> {
  const [{ script, style }, { gzip }] = await Promise.all([readPageAssets(), import('libdeflate')]);
  const packed = Buffer.from(gzip(Buffer.from(JSON.stringify(data)), GZIP_LEVEL)).toString('base64');
  const policy = policyOf(script, style);
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="tare">
<title>tare explore</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${style}</style>
</head>
<body>
<div id="page" data-state="opening"><p class="opening" role="status">Opening…</p></div>
<noscript><p class="opening">This page draws the image with a script of its own, and scripts are switched off. It loads nothing from anywhere.</p></noscript>
<script type="application/octet-stream" id="data">${packed}</script>
<script>${script}</script>
</body>
</html>
`;
  return { html, policy };
}

/** A block on a scale: the mark of the project. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0072b2"/><path d="M7 23h18M16 23v-5M9 18h14M11 9h10v9H11z" fill="none" stroke="#fff" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round"/></svg>';

function policyOf(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** As Content Security Policy Level 3 has it, section 2.3.1 ("hash-source"). */
const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
