import { isTareError } from '../../../base/error.ts';
import { parsePlatform } from '../../../oci/platform.ts';
import type { Platform } from '../../../oci/types.ts';
import type { Rule } from '../../types.ts';

export const fromPlatformFlagConstDisallowed: Rule = {
  id: 'FromPlatformFlagConstDisallowed',
  origin: 'buildkit',
  since: '2026.1',
  severity: 'warning',
  title: 'FROM does not fix the platform',
  why: 'A constant platform makes an image of that platform, whatever is asked for. A stage that is meant for one platform says so in its name.',
  cure: 'remove the flag and build with --platform, or put the platform into the name of the stage',
  example: {
    bad: 'FROM --platform=linux/amd64 alpine:3.20 AS base',
    good: 'FROM --platform=$BUILDPLATFORM alpine:3.20 AS base',
  },
  fixable: false,
  *check({ stages }) {
    for (const { from, name } of stages) {
      const flag = from.flags.find((each) => each.name === 'platform');
      const platform = flag === undefined || flag.value.includes('$') ? undefined : platformOf(flag.value);
      if (flag === undefined || platform === undefined) continue;
      const stage = name ?? '';
      if (stage.includes(platform.os) || stage.includes(platform.architecture)) continue;
      yield { message: `the platform is always ${flag.value}`, range: flag.range };
    }
  },
};

function platformOf(text: string): Platform | undefined {
  try {
    return parsePlatform(text);
  } catch (error) {
    if (isTareError(error)) return undefined;
    throw error;
  }
}
