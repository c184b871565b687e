import type { ExploreData } from '../explain/explore/types.ts';

/** What the page carries: JSON, compressed, in an element that is no script. It is read once, and then taken out. */
export async function readData(): Promise<ExploreData> {
  const element = document.getElementById('data');
  if (element === null) throw new Error('the page carries no data');
  const packed = Uint8Array.from(atob(element.textContent), (char) => char.charCodeAt(0));
  element.remove();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const data = (await new Response(stream).json()) as ExploreData;
  if (data.format !== 1) throw new Error('the page carries data of another version');
  return data;
}
