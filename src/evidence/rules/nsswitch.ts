import { joinPath, nameOf, parentOf, showPath, type TreePath } from '../../base/path.ts';
import type { Edge } from '../types.ts';
import type { KeptProgram } from './kept-programs.ts';
import { makeFile, NOTHING, place, ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

const NSSWITCH = '/etc/nsswitch.conf' as TreePath;
/** Names only what the image holds: the files that it has, and the resolver (nsswitch.conf(5)). */
const TEXT = 'passwd: files\ngroup: files\nhosts: files dns\n';
/** Modules of the services above, before they moved into libc itself. */
const MODULES = ['libnss_files.so.2', 'libnss_dns.so.2'];
/** In this version `files` and `dns` became part of libc (glibc NEWS, 2.34). */
const BUILT_IN_SINCE = 'GLIBC_2.34';
/** Functions of glibc that read nsswitch.conf. */
const LOOKUPS =
  /^(?:getaddrinfo|getnameinfo|gethostby(?:name2?|addr)(?:_r)?|get(?:pw|gr)(?:nam|uid|gid|ent)(?:_r)?|getgrouplist|initgroups)$/;

/** How glibc looks up hosts and users. musl has no such switch. */
export const nsswitch: Rule = {
  name: 'nsswitch',
  async apply(input: RuleInput): Promise<Findings> {
    const { programs, tree } = input;
    const libc = (await programs.all()).find(({ path }) => nameOf(path) === 'libc.so.6' || isLibc(path));
    const asking = libc === undefined ? undefined : await firstLookup(input, libc);
    if (libc === undefined || asking === undefined) return NOTHING;
    const because = `${showPath(asking.program.path)} imports ${asking.symbol}, which reads it`;
    const made = place(tree, makeFile(NSSWITCH, TEXT), { rule: 'nsswitch', because });
    return { ...made, edges: [...made.edges, ...moduleEdges(input, libc)] };
  },
};

/** Before 2.34 the file behind the link had the version in its name. */
function isLibc(path: TreePath): boolean {
  return /^libc-2\.\d+\.so$/.test(nameOf(path));
}

async function firstLookup(
  { programs }: RuleInput,
  libc: KeptProgram,
): Promise<{ readonly program: KeptProgram; readonly symbol: string } | undefined> {
  for (const program of await programs.all()) {
    if (program === libc) continue;
    const symbol = [...(await programs.imports(program))].sort().find((name) => LOOKUPS.test(name));
    if (symbol !== undefined) return { program, symbol };
  }
  return undefined;
}

function moduleEdges({ tree }: RuleInput, libc: KeptProgram): Edge[] {
  if (libc.elf.verdef.includes(BUILT_IN_SINCE)) return [];
  return MODULES.map((name) => joinPath(parentOf(libc.path), name))
    .filter((path) => tree.resolve(path) !== undefined)
    .map((path) => ruleEdge('nsswitch', path, `libc loads it for a service that ${NSSWITCH} names`));
}
