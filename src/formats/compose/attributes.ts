import { SERVICE_SECTIONS } from './service-attributes.ts';
import { ignored, refused, yes, type Section } from './support.ts';

/** The closed table: what may stand in a Compose file, and what becomes of it. docs/compose.md is made from it. */
export const SECTIONS = {
  project: {
    configs: yes(),
    include: yes(),
    models: refused('no models are served; run one as a service, and name its address in `environment`'),
    name: yes(),
    networks: yes(),
    secrets: yes(),
    services: yes(),
    version: yes('has no meaning any more'),
    volumes: yes(),
  },
  include: { env_file: yes(), path: yes(), project_directory: yes() },
  network: {
    attachable: yes('has no meaning on one machine'),
    driver: yes('`bridge`; others are refused'),
    driver_opts: ignored('networks are bridges of this machine'),
    enable_ipv4: ignored('networks are IPv4'),
    enable_ipv6: ignored('networks are IPv4'),
    external: ignored('a network of the project is made in its place: containers of others are not on it'),
    internal: yes(),
    ipam: yes(),
    labels: yes('networks carry none'),
    name: yes('networks of a project are its own, whatever they are called'),
  },
  'network.ipam': {
    config: yes(),
    driver: yes('`default`'),
    options: ignored('addresses are given out one after the other'),
  },
  'network.ipam.config': {
    aux_addresses: ignored('addresses are given out one after the other'),
    gateway: ignored('the gateway is the first address of the subnet'),
    ip_range: ignored('addresses are given out one after the other'),
    subnet: yes('IPv4'),
  },
  'project volume': {
    driver: yes('`local`; others are refused'),
    driver_opts: refused('mount a folder of this machine (`./data:/data`) or a `tmpfs` instead'),
    external: yes(),
    labels: yes('volumes carry none'),
    name: yes(),
  },
  config: {
    content: yes(),
    environment: yes(),
    external: refused('there is no store of configs; name its `file`, `environment` or `content`'),
    file: yes(),
    labels: yes('files carry none'),
    name: yes('has no meaning without a store of configs'),
    template_driver: refused('contents are taken as they are; write them with variables in `content`'),
  },
  secret: {
    driver: refused('there is no store of secrets; name its `file` or `environment`'),
    driver_opts: refused('there is no store of secrets; name its `file` or `environment`'),
    environment: yes(),
    external: refused('there is no store of secrets; name its `file` or `environment`'),
    file: yes(),
    labels: yes('files carry none'),
    name: yes('has no meaning without a store of secrets'),
    template_driver: refused('contents are taken as they are'),
  },
  ...SERVICE_SECTIONS,
} as const satisfies Record<string, Section>;

export type SectionName = keyof typeof SECTIONS;
