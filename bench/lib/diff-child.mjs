// UPPER LOWER TARGET: makes the tar of a layer out of what an overlay wrote, in a process of its own; prints the seconds and bytes as JSON.
import { diffLayer } from '../../dist/solve/local/layer-diff.js';

const [upper, lower, target] = process.argv.slice(2);
const began = performance.now();
const { members, size } = await diffLayer({ upper, lowers: [lower], target, signal: new AbortController().signal });
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, size, members: members.length }));
