import { sha256, type Digest } from '../base/digest.ts';
import type { Project, Service } from '../formats/compose/types.ts';
import type { Image } from '../oci/types.ts';

/** By service: of two that are the same, the containers are. Nothing that was said can be read from it. */
export type Identities = Readonly<Record<string, Digest>>;

export function identitiesOf(project: Project, images: ReadonlyMap<string, Image>): Identities {
  return Object.fromEntries(
    project.services.map((service) => [service.name, sha256(JSON.stringify(meaningOf(service, project, images)))]),
  );
}

/** For JSON: without the lines that it stands in, what only building needs, and what is said to others. */
function meaningOf(service: Service, project: Project, images: ReadonlyMap<string, Image>): unknown {
  const volumes = service.mounts.flatMap((mount) => (mount.kind === 'volume' ? [mount.volume] : []));
  const networks = service.networks.map(({ name }) => name);
  return {
    ...unplaced(service),
    build: undefined,
    extensions: undefined,
    profiles: undefined,
    image: images.get(service.name)?.descriptor.digest,
    mounts: service.mounts.map(unplaced),
    ports: service.ports.map(unplaced),
    itsVolumes: project.volumes.filter(({ name }) => volumes.includes(name)).map(unplaced),
    itsNetworks: project.networks.filter(({ name }) => networks.includes(name)).map(unplaced),
  };
}

const unplaced = (value: { readonly at: string }): object => ({ ...value, at: undefined });

/** What would have to become of a system that runs, as people say it; undefined: nothing. Services that are not wanted do not count. */
export function changesOf(running: Identities, wanted: Identities): string | undefined {
  const isNew = Object.keys(wanted).filter((name) => !Object.hasOwn(running, name));
  const isOther = Object.keys(wanted).filter((name) => Object.hasOwn(running, name) && running[name] !== wanted[name]);
  const said = [told(isOther, 'has changed', 'have changed'), told(isNew, 'is new', 'are new')];
  return said.some((each) => each !== '') ? said.filter((each) => each !== '').join(', and ') : undefined;
}

function told(names: readonly string[], one: string, several: string): string {
  return names.length === 0 ? '' : `${names.join(', ')} ${names.length === 1 ? one : several}`;
}
