import { pathOfText, type TreePath } from '../../base/path.ts';
import { ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

/** What libc and its peers read when it is there (passwd(5), group(5), nsswitch.conf(5), host.conf(5), gai.conf(5), localtime(5)). */
const SETTINGS: readonly (readonly [path: TreePath, because: string])[] = (
  [
    ['/etc/passwd', 'names the users of the image'],
    ['/etc/group', 'names the groups of the image'],
    ['/etc/nsswitch.conf', 'says how users and hosts are looked up'],
    ['/etc/host.conf', 'says how hosts are looked up'],
    ['/etc/gai.conf', 'orders the addresses of a host'],
    ['/etc/localtime', 'the time zone of the image'],
    ['/etc/timezone', 'the name of the time zone of the image'],
  ] as const
).map(([path, because]) => [pathOfText(path), because]);
/** The tables of names for ports and protocols, for programs that import what reads them. */
const TABLES: readonly (readonly [path: TreePath, readers: RegExp])[] = [
  [pathOfText('/etc/services'), /^(?:getaddrinfo|getservby(?:name|port)(?:_r)?|getservent)$/],
  [pathOfText('/etc/protocols'), /^getproto(?:byname|bynumber|ent)(?:_r)?$/],
];

/** Small settings of the system that any program may ask for through libc: they stay as they are. */
export const settings: Rule = {
  name: 'settings',
  async apply({ programs, tree }: RuleInput): Promise<Findings> {
    const edges = SETTINGS.filter(([path]) => tree.resolve(path) !== undefined).map(([path, because]) =>
      ruleEdge('settings', path, because),
    );
    for (const [path, readers] of TABLES) {
      if (tree.resolve(path) === undefined) continue;
      for (const program of await programs.all()) {
        const symbol = [...(await programs.imports(program))].sort().find((name) => readers.test(name));
        if (symbol === undefined) continue;
        edges.push(ruleEdge('settings', path, `${program.path} imports ${symbol}, which reads it`, 'likely'));
        break;
      }
    }
    return { edges, add: [] };
  },
};
