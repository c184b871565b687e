import { el, icon, replace } from './dom.ts';

/** What was chosen; without a choice the system's wish counts. */
type Theme = 'auto' | 'light' | 'dark';

const NEXT: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' };
const ICONS: Readonly<Record<Theme, string>> = {
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3 19 19M5 19l1.7-1.7M17.3 6.7 19 5',
  dark: 'M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z',
};
const KEY = 'tare-theme';

/** The button that switches between the system's colours, light and dark ones. */
export function themeButton(changed: () => void): HTMLElement {
  let theme: Theme = remembered();
  const button = el('button', { type: 'button', class: 'round' });
  const system = matchMedia('(prefers-color-scheme: dark)');
  // Paper is light.
  const print = matchMedia('print');
  const apply = (): void => {
    const dark = !print.matches && (theme === 'dark' || (theme === 'auto' && system.matches));
    document.documentElement.dataset['scheme'] = dark ? 'dark' : 'light';
    const label = `Colours: ${theme === 'auto' ? "the system's" : theme}`;
    button.setAttribute('aria-label', label);
    button.title = label;
    replace(button, icon(ICONS[theme]));
  };
  button.addEventListener('click', () => {
    theme = NEXT[theme];
    remember(theme);
    apply();
    changed();
  });
  for (const media of [system, print])
    media.addEventListener('change', () => {
      apply();
      changed();
    });
  apply();
  return button;
}

/** A page that was opened as a file may have no storage: then the choice lasts as long as the page. */
function remembered(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : 'auto';
  } catch (error) {
    if (error instanceof DOMException) return 'auto';
    throw error;
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
