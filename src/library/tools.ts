import { createContext } from '../base/context.ts';
import type { Context } from '../base/events.ts';
import type { Image } from '../oci/types.ts';
import { defaultHome, openStore } from '../store/index.ts';
import type { Store } from '../store/types.ts';
import { openImage } from '../transports/index.ts';

/** What every call of the library may be given besides its own options. */
export interface CallOptions extends Partial<Context> {
  /** Default: the store in `home`. */
  readonly store?: Store;
  /** Default: TARE_HOME, else `$XDG_DATA_HOME/tare`. */
  readonly home?: string;
}

/** An image that is open, or a reference such as `app:latest`, `oci:DIR:NAME`, `docker-archive:FILE`. */
export type ImageInput = Image | string;

export interface Tools {
  readonly store: Store;
  readonly ctx: Context;
}

export async function toolsOf(options: CallOptions): Promise<Tools> {
  const store = options.store ?? (await openStore({ home: options.home ?? defaultHome(process.env) }));
  const { concurrency, onEvent, registry, signal } = options;
  const ctx = createContext({
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(registry === undefined ? {} : { registry }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { store, ctx };
}

export async function imageOf(image: ImageInput, tools: Tools, platform?: string): Promise<Image> {
  if (typeof image !== 'string') return image;
  return openImage(image, { ...tools, ...(platform === undefined ? {} : { platform }) });
}

/** What is left is what a use case knows. */
export function withoutCall<T extends CallOptions>(options: T): Omit<T, keyof CallOptions> {
  const { concurrency: _c, home: _h, onEvent: _o, registry: _r, signal: _s, store: _st, ...own } = options;
  return own;
}
