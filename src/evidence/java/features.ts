/** Parts of the run-time that cost something and that most services never touch. */
export type Feature = 'desktop' | 'fonts' | 'window' | 'sound' | 'serviceability' | 'vector' | 'debugger';

/** Classes are named by texts in the pool of constants of those that use them (JVMS 4.4.1), so a search for the bytes is enough. */
const MARKS: readonly (readonly [Feature, readonly string[]])[] = [
  ['desktop', ['java/awt/', 'javax/imageio/', 'javax/print/', 'javax/swing/']],
  ['fonts', ['java/awt/Font', 'java/awt/Graphics', 'javax/swing/']],
  ['window', ['javax/swing/', 'java/awt/Frame', 'java/awt/Window', 'java/awt/Robot', 'java/awt/SystemTray']],
  ['sound', ['javax/sound/']],
  ['serviceability', ['com/sun/tools/attach/', 'sun/jvm/hotspot/']],
  ['vector', ['jdk/incubator/vector']],
];

export const FEATURES: readonly Feature[] = MARKS.map(([feature]) => feature);

export function featuresIn(bytes: Uint8Array): Feature[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return MARKS.filter(([, marks]) => marks.some((mark) => text.includes(mark, 0, 'latin1'))).map(
    ([feature]) => feature,
  );
}

/** What the command line asks for by itself. */
export function featuresOfArguments(options: readonly string[]): Feature[] {
  const out: Feature[] = [];
  for (const option of options) {
    if (/^-agentlib:(?:jdwp|hprof)|^-Xrunjdwp|^-Xdebug$/.test(option)) out.push('debugger');
    if (option.startsWith('-splash:')) out.push('desktop', 'window');
    if (option.includes('jdk.incubator.vector')) out.push('vector');
  }
  return out;
}
