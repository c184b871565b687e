import { TareError } from '../../base/error.ts';
import { bytesOfText, cleanPath, type TreePath } from '../../base/path.ts';
import type { Tree } from '../../tree/types.ts';
import { joinFindings, makeLink, NOTHING, place, ruleEdge } from './make.ts';
import type { Findings, Rule, RuleInput } from './types.ts';

const ZONES = '/usr/share/zoneinfo';
const LOCALTIME = '/etc/localtime' as TreePath;
/** Names of the tz database: no dots, so none leads out of the folder. */
const ZONE_NAME = /^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*$/;

/** Data of one time zone, only when it is named: by the `timezone` setting, which also makes it the default, or by TZ (tzset(3)). */
export const timezone: Rule = {
  name: 'timezone',
  apply(input: RuleInput): Findings {
    return joinFindings([fromSetting(input), fromEnvironment(input)]);
  },
};

function fromSetting({ options, tree }: RuleInput): Findings {
  const name = options.timezone;
  if (name === undefined) return NOTHING;
  const zone = zoneFile(tree, name);
  if (zone === undefined) {
    throw new TareError('E_CONFIG', `timezone: ${JSON.stringify(name)} is not in ${ZONES} of the warehouse`, {
      hint: 'give a name such as Europe/Paris, and install the package tzdata or take the files from an image that has it',
    });
  }
  const because = `the time zone ${name} is asked for`;
  const made = place(tree, makeLink(LOCALTIME, zone), { rule: 'timezone', because: `${because}: it is the default` });
  return { ...made, edges: [...made.edges, ruleEdge('timezone', zone, because)] };
}

/** A name that is no zone may be a rule of POSIX (`CET-1CEST`), and a program may have data of its own: no error. */
function fromEnvironment({ context, tree, warn }: RuleInput): Findings {
  const value = (context.env['TZ'] ?? '').replace(/^:/, '');
  if (value === '') return NOTHING;
  const name = value.startsWith(`${ZONES}/`) ? value.slice(ZONES.length + 1) : value;
  const zone = zoneFile(tree, name);
  if (zone !== undefined)
    return { edges: [ruleEdge('timezone', zone, `TZ=${value} is set in the environment`)], add: [] };
  if (name.includes('/')) {
    const message = `TZ=${value}: there is no such zone in ${ZONES}; programs that have no data of their own will use UTC`;
    warn({ code: 'timezone-missing', message });
  }
  return NOTHING;
}

function zoneFile(tree: Tree, name: string): TreePath | undefined {
  if (!ZONE_NAME.test(name)) return undefined;
  const path = cleanPath(`${ZONES}/${bytesOfText(name)}`);
  return tree.resolve(path)?.entry.content === undefined ? undefined : path;
}
