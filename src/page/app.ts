import type { ExploreData } from '../explain/explore/types.ts';
import type { Model } from './model.ts';
import type { Route } from './route.ts';

/** What all views know. */
export interface App {
  readonly data: ExploreData;
  readonly image: Model;
  readonly original: Model | undefined;
  /** For those who hear the page. */
  readonly announce: (text: string) => void;
}

/** One of the page's views, while it is shown. */
export interface View {
  readonly element: HTMLElement;
  /** The same view of something else. */
  readonly update: (route: Route) => void;
  /** Colours have changed. */
  readonly recolour?: () => void;
  readonly stop?: () => void;
}

export interface ViewKind {
  readonly name: string;
  readonly label: string;
  readonly create: (app: App) => View;
}
