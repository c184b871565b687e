import { TareError } from '../base/error.ts';
import { mergeFiles, type MapNode } from '../formats/compose/index.ts';
import { withExtends } from './extends.ts';
import { withIncludes, type Model } from './include.ts';
import { loadFile, type Loading } from './load-file.ts';

/** The files of a model, each over the ones before it; `extends` and `include` are followed. */
export async function loadModel(model: Model, loading: Loading): Promise<MapNode> {
  let merged: MapNode | undefined;
  for (const file of model.files) {
    const tree = await loadFile(file, model.dir, model.env, loading);
    const extended = await withExtends(tree, { file, env: model.env, merged, loading });
    const whole = await withIncludes(extended, { file, model, loading, load: loadModel });
    merged = merged === undefined ? whole : mergeFiles(merged, whole);
  }
  if (merged === undefined) throw new TareError('E_COMPOSE', 'no file is named');
  return merged;
}
