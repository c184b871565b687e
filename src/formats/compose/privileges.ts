import { CONTAINER_CAPABILITIES } from '../../base/container-capabilities.ts';
import { composeError, type Node } from './node.ts';
import type { Problems } from './problems.ts';
import { listOf, textOf, wordOf } from './scalars.ts';

/** As `CAP_SYS_PTRACE`; or `ALL`. */
export const readCapabilities = (node: Node): readonly string[] => listOf(node).map(capabilityOf);

/** `cap_add:`; orchestrators are told of all, here a container has at most the usual ones. */
export function readAddedCapabilities(node: Node, problems: Problems): readonly string[] {
  return listOf(node).map((item) => {
    const name = capabilityOf(item);
    if (!CONTAINER_CAPABILITIES.includes(name))
      problems.warn(
        'compose-unsupported',
        `cap_add: ${name}`,
        'containers have at most the capabilities that engines leave them by default',
        item.spot,
      );
    return name;
  });
}

function capabilityOf(item: Node): string {
  const text = wordOf(item).toUpperCase().replace(/^CAP_/, '');
  if (/^[A-Z][A-Z_0-9]{1,40}$/.test(text)) return text === 'ALL' ? text : `CAP_${text}`;
  throw composeError(item.spot, `${JSON.stringify(text)} is no capability`);
}

/** Of `security_opt:`; undefined: it says nothing of them. */
export function readNoNewPrivileges(node: Node, problems: Problems): boolean | undefined {
  let found: boolean | undefined;
  for (const item of listOf(node)) {
    const [, value] = /^no-new-privileges(?:[:=](true|false))?$/.exec(textOf(item)) ?? [];
    if (textOf(item).startsWith('no-new-privileges')) found = value !== 'false';
    else
      problems.warn('compose-unsupported', 'security_opt', 'the filter of system calls is the one of tare', item.spot);
  }
  return found;
}
