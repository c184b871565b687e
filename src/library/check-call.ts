import type { CheckConfig } from '../config/check.ts';
import { check as checkImage } from '../explain/check/check.ts';
import { readRules } from '../explain/check/read-rules.ts';
import type { CheckReport } from '../explain/check/types.ts';
import { imageOf, toolsOf, type CallOptions, type ImageInput } from './tools.ts';

/** As `tare check IMAGE`: `rules` are its flags, `files` its `--config`. `base` is the image that growth is measured against. */
export async function check(
  options: CallOptions & {
    readonly image: ImageInput;
    readonly base?: ImageInput;
    /** `os/arch`, when the references offer several. */
    readonly platform?: string;
    readonly rules?: CheckConfig;
    /** Each a tare.yaml, structure tests or a `.dive-ci`. Default: none. */
    readonly files?: readonly string[];
    /** What `max-age` takes for today, in milliseconds since the epoch. Default: the clock. */
    readonly now?: number;
  },
): Promise<CheckReport> {
  const { now, platform } = options;
  const tools = await toolsOf(options);
  const read = await readRules(options.files ?? [], options.rules ?? {});
  const base = read.asksGrowth ? (options.base ?? read.base) : undefined;
  return checkImage({
    image: await imageOf(options.image, tools, platform),
    base: base === undefined ? undefined : await imageOf(base, tools, platform),
    rules: read.rules,
    files: read.files,
    env: process.env,
    now,
    ...tools,
  });
}
