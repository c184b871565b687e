import { ancestorsOf, compareBytes, lastFolder, ROOT, type TreePath } from '../base/path.ts';
import type { Entry } from '../tree/types.ts';
import type { Grouped } from './layers.ts';
import { offerOf, type IdentityOf, type Offer, type Unit } from './share-units.ts';

/** The layers that an image is to have, lowest first, as `layering` gives them. */
export interface ServiceLayers {
  /** No two have the same name. */
  readonly service: string;
  readonly layers: readonly Grouped[];
}

/** A layer that is the same in several services. */
export interface SharedLayer {
  /** `shared: a, b`. */
  readonly group: string;
  /** At least two, in byte order. */
  readonly services: readonly string[];
  /** Of content, uncompressed. */
  readonly bytes: number;
  /** Paths that are no folders. */
  readonly files: number;
}

export interface Shared {
  /** In the order in which they came. */
  readonly services: readonly ServiceLayers[];
  /** Lowest first: those of more services, then by name. */
  readonly shared: readonly SharedLayer[];
}

/** What has less than both is not worth a layer: each one costs a request of every pull, and a mount of every container. */
export const MIN_SHARED_BYTES = 64 * 1024; // 64 KiB
export const MIN_SHARED_FILES = 8;
/** Of one image, with those that it shares with nobody. */
export const MAX_IMAGE_LAYERS = 24;
/** They change with every build: in one layer with what seldom changes, they would have that pulled again each time. An equal group makes an equal layer as it is. */
const UNSHARED_GROUPS: ReadonlySet<string> = new Set(['application']);

export interface ShareOptions {
  readonly identityOf: IdentityOf;
}

/**
 * Moves what several services have in common into layers of their own, one for each set of services, so that it is stored once and pulled once. A layer
 * of a set has equal members in each of its services: packed with one compression and one epoch it is one blob. The file system that the layers
 * of a service make together stays as it was, to the last attribute. What nobody else has keeps its layer and its order; layers without anything are left out.
 *
 * Folders above what is shared are in its layer too, where all services of the set have the same one, and stay where they were as long as something there is
 * in them: some engines take a folder's mode from the highest layer that has anything in it, and invent the one that is not named there.
 *
 * Depends neither on the order of the services nor on that of their entries.
 */
export function shareLayers(services: readonly ServiceLayers[], { identityOf }: ShareOptions): Shared {
  const members = services
    .map(({ layers, service }) => ({
      service,
      own: layers.length,
      offer: offerOf(layers, UNSHARED_GROUPS, identityOf),
    }))
    .sort((a, b) => compareBytes(a.service, b.service));
  if (new Set(members.map(({ service }) => service)).size < members.length)
    throw new Error('two services have one name');
  const sets = setsOf(members);
  const worth = worthwhile(sets, members);
  settle(sets, worth);
  const shared = worth.map((set) => sharedLayer(set, members)).sort(lowestFirst);
  return {
    services: services.map(({ layers, service }) => ({
      service,
      layers: layersOf(
        layers,
        shared.filter((layer) => layer.services.includes(service)).map((layer) => layer.of(service)),
      ),
    })),
    shared: shared.map(({ bytes, files, group, services: of }) => ({ group, services: of, bytes, files })),
  };
}

interface Member {
  readonly service: string;
  /** Layers that it came with. */
  readonly own: number;
  readonly offer: Offer;
}

/** Units that just these services have. */
interface ServiceSet {
  /** Places in the sorted list of members, ascending. */
  readonly of: readonly number[];
  readonly units: Set<string>;
  bytes: number;
  files: number;
}

function setsOf(members: readonly Member[]): readonly ServiceSet[] {
  const owners = new Map<string, { readonly of: number[]; readonly unit: Unit }>();
  for (const [at, { offer }] of members.entries()) {
    for (const unit of offer.units) {
      const known = owners.get(unit.key);
      if (known === undefined) owners.set(unit.key, { of: [at], unit });
      else known.of.push(at);
    }
  }
  const sets = new Map<string, ServiceSet>();
  for (const [key, { of, unit }] of owners) {
    if (of.length < 2) continue;
    const name = of.join(' ');
    const set = sets.get(name) ?? { of, units: new Set(), bytes: 0, files: 0 };
    sets.set(name, set);
    set.units.add(key);
    set.bytes += unit.bytes;
    set.files += unit.files;
  }
  return [...sets.values()];
}

/** Those that are worth a layer; of an image that would have too many, without the ones that save least. */
function worthwhile(sets: readonly ServiceSet[], members: readonly Member[]): ServiceSet[] {
  const worth = sets
    .filter(({ bytes, files }) => bytes >= MIN_SHARED_BYTES || files >= MIN_SHARED_FILES)
    .sort((a, b) => saves(b) - saves(a) || b.files - a.files || byMembers(a, b));
  const counts = members.map(({ own }) => own);
  return worth.filter(({ of }) => {
    if (of.some((at) => (counts[at] ?? 0) >= MAX_IMAGE_LAYERS)) return false;
    for (const at of of) counts[at] = (counts[at] ?? 0) + 1;
    return true;
  });
}

const saves = ({ bytes, of }: ServiceSet): number => bytes * (of.length - 1);

/** More services first, then in the order of their names. */
function byMembers(a: ServiceSet, b: ServiceSet): number {
  if (a.of.length !== b.of.length) return b.of.length - a.of.length;
  const at = a.of.findIndex((member, index) => member !== b.of[index]);
  return at === -1 ? 0 : (a.of[at] ?? 0) - (b.of[at] ?? 0);
}

/** What has no layer of its own goes along with layers that some of its services share anyhow; no service gets it twice. */
function settle(sets: readonly ServiceSet[], worth: readonly ServiceSet[]): void {
  const homes = [...worth].sort(byMembers);
  for (const set of sets) {
    if (worth.includes(set)) continue;
    const left = new Set(set.of);
    for (const home of homes) {
      if (!home.of.every((at) => left.has(at))) continue;
      for (const key of set.units) home.units.add(key);
      home.bytes += set.bytes;
      home.files += set.files;
      for (const at of home.of) left.delete(at);
    }
  }
}

interface Layer extends SharedLayer {
  /** The layer as this service has it: each has the contents in layers of its own original. */
  readonly of: (service: string) => Grouped;
}

function sharedLayer({ bytes, files, of, units }: ServiceSet, members: readonly Member[]): Layer {
  const those = of.flatMap((at) => members[at] ?? []);
  const services = those.map(({ service }) => service);
  const group = `shared: ${services.join(', ')}`;
  const entriesIn = (offer: Offer): Entry[] =>
    offer.units.filter(({ key }) => units.has(key)).flatMap(({ entries }) => entries);
  const [first] = those;
  const folders = first === undefined ? [] : commonFolders(entriesIn(first.offer), those);
  return {
    group,
    services,
    bytes,
    files,
    of: (service) => {
      const offer = those.find((member) => member.service === service)?.offer;
      if (offer === undefined) throw new Error(`${service} has no part in ${group}`);
      const above = folders.flatMap((path) => offer.folders.get(path)?.entry ?? []);
      return { group, entries: [...above, ...entriesIn(offer)].sort((a, b) => compareBytes(a.path, b.path)) };
    },
  };
}

/** Folders above some entries that are the same in all of some services. */
function commonFolders(entries: readonly Entry[], those: readonly Member[]): readonly TreePath[] {
  const above = new Set(entries.flatMap(({ path }) => ancestorsOf(path)));
  return [...above].filter((path) => {
    const keys = new Set(those.map(({ offer }) => offer.folders.get(path)?.key));
    return keys.size === 1 && !keys.has(undefined);
  });
}

function lowestFirst(a: SharedLayer, b: SharedLayer): number {
  return b.services.length - a.services.length || compareBytes(a.group, b.group);
}

/** The shared layers, and above them what is left. */
function layersOf(layers: readonly Grouped[], shared: readonly Grouped[]): readonly Grouped[] {
  if (shared.length === 0) return layers;
  const moved = new Set(shared.flatMap(({ entries }) => entries));
  const left = layers.map(({ entries, group }) => {
    const staying = entries.filter((entry) => !moved.has(entry));
    const needed = foldersAbove(staying);
    return { group, entries: entries.filter((entry) => !moved.has(entry) || needed.has(entry.path)) };
  });
  return [...shared, ...left.filter(({ entries }) => entries.length > 0)];
}

function foldersAbove(entries: readonly Entry[]): ReadonlySet<TreePath> {
  const folders = new Set<TreePath>();
  const folderOf = lastFolder();
  for (const { path } of entries) {
    for (let above = path; above !== ROOT;) {
      above = folderOf(above);
      if (folders.has(above)) break;
      folders.add(above);
    }
  }
  return folders;
}
