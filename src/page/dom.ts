import { shown } from './text.ts';

type Child = Node | string | null | undefined | false | readonly Child[];

type AttributeValue =
  | string
  | number
  | boolean
  | undefined
  | Readonly<Record<string, string>>
  | Readonly<Record<string, (event: Event) => void>>;

interface Attributes {
  readonly class?: string;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
  /** Set one by one: the policy of the page allows no style attributes. */
  readonly css?: Readonly<Record<string, string>>;
  readonly [name: string]: AttributeValue;
}

/** One element. Strings become text and nothing else, with what is invisible in them spelled out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  decorate(element, attributes);
  append(element, children);
  return element;
}

/** The same of a drawing. */
export function svg(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  decorate(element, attributes);
  append(element, children);
  return element;
}

function decorate(element: HTMLElement | SVGElement, { class: names, css = {}, on = {}, ...rest }: Attributes): void {
  if (names !== undefined) element.setAttribute('class', names);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  for (const [name, value] of Object.entries(css)) element.style.setProperty(name, value);
  for (const [name, value] of Object.entries(rest)) {
    if (value === undefined || value === false || typeof value === 'object') continue;
    element.setAttribute(name, value === true ? '' : shown(String(value)));
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (typeof child === 'string') element.append(shown(child));
    else if (child instanceof Node) element.append(child);
    else append(element, child);
  }
}

export function replace(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** Text that may not be read in one direction with what stands around it: a name, a path. */
export function name(text: string, names = 'name'): HTMLElement {
  return el('bdi', { class: names }, text);
}

/** A path whose folders may be broken into lines. */
export function path(text: string): HTMLElement {
  const parts = text.split(/(?<=\/)/);
  return el(
    'bdi',
    { class: 'path' },
    parts.map((part, at) => (at === 0 ? part : [el('wbr'), part])),
  );
}

/** A drawing of one line that says nothing of its own. */
export function icon(d: string): SVGElement {
  return svg('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, svg('path', { d }));
}
