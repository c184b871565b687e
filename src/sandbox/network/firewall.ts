import { runTool, type ToolResult } from '../spawn.ts';

/** The programs that change what the kernel does with packets; those that are installed. */
export interface FirewallTools {
  readonly nft?: string | undefined;
  readonly iptables?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** How packets of a network of ours get through. */
export interface Shape {
  readonly nat: 'nft' | 'iptables';
  /** Whether the chain FORWARD of iptables was told to let them. */
  readonly forward: boolean;
}

export interface Rules extends Shape {
  /** Its name: of the table, and in comments. */
  readonly name: string;
  readonly link: string;
  readonly subnet: string;
}

/** Longer than any of these takes, also where thousands of rules are. */
const TOOL_MS = 10_000;
const PLAIN_FORWARD = '-P FORWARD ACCEPT';

/** The most that `addRules` may make. */
export function largestShape({ iptables, nft }: FirewallTools): Shape {
  return { nat: nft === undefined ? 'iptables' : 'nft', forward: iptables !== undefined };
}

/**
 * Translates the addresses of a network. A table of our own can do that, but it cannot let through what another one drops (nft(8), base chains: each of
 * them must accept): so the chain of iptables is opened for our link where it does not accept everything. In tables of other makers nothing is changed.
 * What is made when this fails, `removeRules` takes away.
 * @param known how it was done before; else that is found out
 * @returns why it cannot be done, in `why`
 */
export async function addRules(
  tools: FirewallTools,
  rules: Omit<Rules, keyof Shape>,
  known?: Shape,
): Promise<Shape | { readonly why: string }> {
  const shape = known ?? (await addTable(tools, rules));
  if ('why' in shape) return shape;
  const results = await Promise.all([
    ...(known?.nat === 'nft' ? [run(tools, tools.nft, [tableOf(rules)])] : []),
    ...iptablesRules({ ...rules, ...shape }).map(({ chain, rule, table }) =>
      run(tools, tools.iptables, ['-w', '-t', table, chain === 'FORWARD' ? '-I' : '-A', chain, ...rule]),
    ),
  ]);
  const failed = results.find(({ code }) => code !== 0);
  return failed === undefined ? shape : { why: `the firewall refuses our rules: ${firstLine(failed.stderr)}` };
}

/** Makes our table, if there may be one, and looks at those of others with the same call. */
async function addTable(
  tools: FirewallTools,
  rules: Omit<Rules, keyof Shape>,
): Promise<Shape | { readonly why: string }> {
  const { iptables, nft } = tools;
  const [chains, forward] = await Promise.all([
    nft === undefined ? undefined : run(tools, nft, [`${tableOf(rules)}; list chains`]),
    iptables === undefined ? undefined : run(tools, iptables, ['-w', '-S', 'FORWARD']),
  ]);
  const usesNft = chains?.code === 0;
  const usesIptables = forward?.code === 0;
  if (!usesNft && !usesIptables)
    return { why: `the firewall cannot be changed: ${firstLine((chains ?? forward)?.stderr ?? '')}` };
  const blocking = usesNft ? foreignBlock(chains.stdout, usesIptables) : undefined;
  if (blocking !== undefined) return { why: `the firewall (${blocking}) does not let forwarded packets through` };
  return {
    nat: usesNft ? 'nft' : 'iptables',
    forward: usesIptables && forward.stdout.trim() !== PLAIN_FORWARD,
  };
}

function tableOf({ link, name, subnet }: Omit<Rules, keyof Shape>): string {
  return [
    `add table ip ${name}`,
    `add chain ip ${name} postrouting { type nat hook postrouting priority 100; policy accept; }`,
    `add rule ip ${name} postrouting ip saddr ${subnet} oifname != "${link}" masquerade`,
  ].join('; ');
}

/** A chain that drops what is forwarded, and that is not ours to change. */
function foreignBlock(chains: string, hasIptables: boolean): string | undefined {
  let table = '';
  let chain = '';
  for (const line of chains.split('\n')) {
    table = /^table (\S+ \S+)/.exec(line)?.[1] ?? table;
    chain = /^\s+chain (\S+)/.exec(line)?.[1] ?? chain;
    if (!/hook forward/.test(line) || !/^(?:ip|inet) /.test(table)) continue;
    if (table === 'ip filter' && chain === 'FORWARD' && hasIptables) continue;
    // It ends with a rule that rejects what no zone of its wants.
    if (/policy drop/.test(line) || table === 'inet firewalld') return `${table} ${chain}`;
  }
  return undefined;
}

/** What is not there any more is none of our business. */
export async function removeRules(tools: FirewallTools, rules: Rules): Promise<void> {
  await Promise.all([
    ...(rules.nat === 'nft' ? [run(tools, tools.nft, ['delete', 'table', 'ip', rules.name])] : []),
    ...iptablesRules(rules).map(({ chain, rule, table }) =>
      run(tools, tools.iptables, ['-w', '-t', table, '-D', chain, ...rule]),
    ),
  ]);
}

interface IptablesRule {
  readonly table: 'nat' | 'filter';
  readonly chain: 'POSTROUTING' | 'FORWARD';
  readonly rule: readonly string[];
}

function iptablesRules({ forward, link, name, nat, subnet }: Rules): readonly IptablesRule[] {
  const comment = ['-m', 'comment', '--comment', name];
  const out: IptablesRule = { table: 'filter', chain: 'FORWARD', rule: ['-i', link, ...comment, '-j', 'ACCEPT'] };
  const answers = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED'];
  const back: IptablesRule = { ...out, rule: ['-o', link, ...answers, ...comment, '-j', 'ACCEPT'] };
  const translate = ['-s', subnet, '!', '-o', link, ...comment, '-j', 'MASQUERADE'];
  return [
    ...(nat === 'iptables' ? [{ table: 'nat', chain: 'POSTROUTING', rule: translate } as const] : []),
    ...(forward ? [out, back] : []),
  ];
}

function run({ env }: FirewallTools, tool: string | undefined, args: readonly string[]): Promise<ToolResult> {
  if (tool === undefined) return Promise.resolve({ code: -1, stdout: '', stderr: 'it is not installed any more' });
  return runTool(tool, args, { env, timeoutMs: TOOL_MS });
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
