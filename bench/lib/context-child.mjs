// DIR HOME: opens the folder as a build context and hashes all of it, in a process of its own; prints the seconds that took, and the digest, as JSON.
import { createContext } from '../../dist/base/context.js';
import { openContext, selectionDigest } from '../../dist/solve/context/index.js';

const [dir, home] = process.argv.slice(2);
const began = performance.now();
const context = await openContext({ dir, home, ignore: undefined, ctx: createContext() });
const entries = [...context.tree.walk()];
const digest = selectionDigest(entries, await context.digestsOf(entries));
await context.save();
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ seconds, digest, entries: entries.length }));
