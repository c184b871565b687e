#!/usr/bin/env node
import { VERSION } from '../base/version.ts';

const args = process.argv.slice(2);
// Answered before anything is loaded: scripts ask for it often.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(`${VERSION}\n`);
} else {
  const { runCli } = await import('./run.ts');
  await runCli(args);
}
