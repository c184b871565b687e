// What came of the stories, as Markdown: sizes in MB (10^6), percentages of the larger, original size.

export const mb = (bytes) => (bytes / 1e6).toFixed(1);

/** 309.1 → 117.3 is `−62%`; what grew has a plus. `–` where there is nothing to compare with. */
export function change(before, after) {
  if (before === undefined || after === undefined || before === 0) return '–';
  const percent = ((before - after) / Math.max(before, after)) * 100;
  const text = Math.abs(percent) >= 99 ? Math.abs(percent).toFixed(1) : Math.abs(percent).toFixed(0);
  if (Number(text) === 0) return '0%';
  return `${percent > 0 ? '−' : '+'}${text}%`;
}

/** Seconds with one digit. What an earlier run has told stays while it is within a tenth: a machine is never that even. */
export function startTime(seconds, former) {
  const shown = seconds.toFixed(1);
  return former !== undefined && Math.abs(Number(former) - seconds) <= 0.1 ? former : shown;
}

/**
 * The rows of a story's table: each Dockerfile, what `--shrink` made of each, and the ways to the microcontainer, of which the first is the best.
 * Everything is compared with the first image. `former`: the table of an earlier run, for its start times.
 */
export function storyRows({ micro, stages }, former = '') {
  const [first] = stages;
  return [
    ...stages.map(({ file, published, whole }) => row(`\`${file}\``, whole, published)),
    ...stages.map(({ file, small }) => row(`\`${file}\`, \`--shrink\``, small)),
    ...micro.map((way, index) => row(index === 0 ? `**${way.title}**` : way.title, way)),
  ];

  function row(image, facts, published) {
    const isFirst = facts === first.whole;
    return {
      image,
      published: published === undefined ? '' : String(published),
      publishedFirst: published === undefined ? '' : change(isFirst ? undefined : first.published, published),
      disk: mb(facts.disk),
      first: change(isFirst ? undefined : first.whole.disk, facts.disk),
      wire: mb(facts.wire),
      files: String(facts.files),
      layers: String(facts.layers),
      packages: String(facts.packages.length),
      versions: facts.versions.join(', ') || '–',
      endpoints: `${facts.passed} of ${facts.asked}`,
      start: startTime(facts.start, formerStart(former, image)),
    };
  }
}

/** The last cell of the row that begins with `image`. */
function formerStart(text, image) {
  const line = text.split('\n').find((each) => each.startsWith(`| ${image} |`));
  const cell = line?.split('|').at(-2)?.trim();
  return cell !== undefined && /^\d+\.\d$/.test(cell) ? cell : undefined;
}

const STORY_COLUMNS = [
  ['image', 'image', '---'],
  ['published', 'published, MB'],
  ['publishedFirst', 'from its first'],
  ['disk', 'here: disk, MB'],
  ['first', 'from the first'],
  ['wire', 'wire, MB'],
  ['files', 'files'],
  ['layers', 'layers'],
  ['packages', 'packages'],
  ['versions', 'run times', '---'],
  ['endpoints', 'answers'],
  ['start', 'start, s'],
];

/** The table of a story, what is in its microcontainer, and how far steps of our own are from the goal. */
export function storySection(story, told, former) {
  const [best] = told.micro;
  if (told.system !== undefined) return systemSection(story, told);
  const parts = [table(STORY_COLUMNS, storyRows(told, former)), `In the microcontainer: ${contents(best)}.`];
  parts.push(
    ...told.stages.filter(({ published }) => published === undefined).map((stage) => ownStep(story, told, stage)),
  );
  if (told.closure !== undefined) parts.push(closureText(told.closure, told.micro));
  return parts.join('\n\n');
}

const SYSTEM_COLUMNS = [
  ['service', 'service', '---'],
  ['versions', 'run times', '---'],
  ['was', 'original: disk, MB'],
  ['disk', 'shrunk: disk, MB'],
  ['change', 'smaller'],
  ['used', '`used`: disk, MB'],
  ['wireWas', 'original: wire, MB'],
  ['wire', 'shrunk: wire, MB'],
  ['files', 'files'],
  ['layers', 'layers'],
  ['packages', 'packages'],
];

/** The table of a system: a row for each service, and what all of them are together. */
function systemSection({ system: { like }, published }, { stages, system }) {
  const rows = stages.map(({ file, small, used, whole }) => ({
    service: file === like ? `**\`${file}\`**` : `\`${file}\``,
    versions: small.versions.join(', ') || '–',
    was: mb(whole.disk),
    disk: mb(small.disk),
    change: change(whole.disk, small.disk),
    used: mb(used.disk),
    wireWas: mb(whole.wire),
    wire: mb(small.wire),
    files: `${whole.files} → ${small.files}`,
    layers: `${whole.layers} → ${small.layers}`,
    packages: `${whole.packages.length} → ${small.packages.length}`,
  }));
  const { after, before, seconds, usedAfter } = system;
  const [{ small }] = stages;
  return [
    table(SYSTEM_COLUMNS, rows),
    `All services together, each layer once: ${mb(before.disk)} → ${mb(after.disk)} MB on disk (${change(before.disk, after.disk)}; \`used\` ${mb(usedAfter.disk)}), ${mb(before.pull)} → ${mb(after.pull)} MB for a first pull. The system has given ${small.passed} of ${small.asked} answers as the original one, as it is by default and with \`--tightness used\`; it is ready after ${seconds.after.toFixed(1)} s (original: ${seconds.before.toFixed(1)} s; both vary with the machine).`,
    `**\`${like}\`** is the one of the published kind (${published.join(' → ')} MB each). Those with Node are as large as Node, which is told apart in the last story.`,
  ].join('\n\n');
}

/** A step that nobody has published, beside the goal. */
function ownStep(story, told, { file, small }) {
  const { bytes } = goalOf(story, told);
  const far = (Math.abs(small.disk - bytes) / bytes) * 100;
  const place = small.disk > bytes ? 'above' : 'below';
  return `\`${file}\`, which is no step of the published story, shrinks to ${mb(small.disk)} MB: ${far.toFixed(0)} % ${place} the goal.`;
}

/** Versions of run times and packages, the packages of each manager together. */
export function contents({ packages, versions }) {
  const managers = [...new Set(packages.map(({ manager }) => manager))].toSorted((a, b) => (a < b ? -1 : 1));
  const lists = managers.map((manager) => {
    const own = packages.filter((each) => each.manager === manager).map(({ name, version }) => `${name} ${version}`);
    return `of ${manager} ${own.toSorted().join(', ')}`;
  });
  return [versions.join(', ') || 'no run time of its own', ...lists].join('; ');
}

function closureText({ bytes, files, released, version }, ways) {
  const sorted = files.toSorted((a, b) => b.size - a.size);
  const names = sorted.map(({ path, size }) => `\`${path.slice(path.lastIndexOf('/') + 1)}\` ${mb(size)}`).join(', ');
  const apart = ways.map(({ disk, title }) => `${title} is ${difference(disk, bytes)} that`).join(', ');
  return [
    `The run time is ${version} of ${released}, by its own log of changes. Its closure, as \`ldd\` in the image tells it, is ${mb(bytes)} MB: ${names}.`,
    `On disk, ${apart}.`,
  ].join(' ');
}

/** `0.01 % more than`. */
function difference(disk, bytes) {
  const percent = ((disk - bytes) / bytes) * 100;
  return `${Math.abs(percent).toFixed(2)} % ${percent < 0 ? 'less' : 'more'} than`;
}

const GOAL_COLUMNS = [
  ['story', 'story', '---'],
  ['published', 'smallest published, MB'],
  ['goal', 'goal: disk, MB'],
  ['disk', 'microcontainer: disk, MB'],
  ['met', 'met', '---'],
  ['wire', 'wire, MB'],
  ['original', 'from its original'],
];

/** The goals beside what was reached; a story without a result has dashes. */
export function goalTable(stories, results) {
  return table(
    GOAL_COLUMNS,
    stories.map((story) => {
      const published = smallestPublished(story);
      const row = { story: `${story.number}. ${story.title}`, published: String(published) };
      const told = results.get(story.name);
      if (told === undefined)
        return { ...row, goal: mb(published * 5e5), disk: '–', met: '–', wire: '–', original: '–' };
      const { bytes, isMet, rule } = goalOf(story, told);
      const [best] = told.micro;
      const far = ((Math.abs(bytes - best.disk) / bytes) * 100).toFixed(0);
      return {
        ...row,
        goal: `${mb(bytes)}${rule}`,
        disk: mb(best.disk),
        met: isMet ? `yes, ${far} % below` : `no: short by ${mb(best.disk - bytes)} MB, ${far} %`,
        wire: mb(best.wire),
        original: change(told.stages[0].whole.disk, best.disk),
      };
    }),
  );
}

/** Half of the smallest published size; of a run time, its closure and 2 %. */
export function goalOf(story, { closure, micro }) {
  const bytes = closure === undefined ? smallestPublished(story) * 5e5 : closure.bytes * 1.02;
  return { bytes, isMet: micro[0].disk <= bytes, rule: closure === undefined ? '' : ' (closure + 2 %)' };
}

function smallestPublished({ published, stages }) {
  return Math.min(...(published ?? stages.flatMap((stage) => stage.published ?? [])));
}

const LINT_COLUMNS = [
  ['file', 'Dockerfile', '---'],
  ['mended', 'mended by `--fix`', '---'],
  ['promised', 'promised, MB'],
  ['won', 'won: disk, MB'],
  ['wonWire', 'wire, MB'],
  ['left', 'left to people', '---'],
  ['endpoints', 'answers'],
];

/** One row for each naive Dockerfile: what its findings promised, and what a build of the mended one weighs less. */
export function lintTable(results) {
  const names = (items) => items.map(({ bytes, rule }) => (bytes ? `${rule} ${mb(bytes)}` : rule)).join(', ') || '–';
  return table(
    LINT_COLUMNS,
    results.map(({ after, before, file, fixed, left, promised }) => ({
      file: `\`${file.replace(/^examples\/stories\//, '')}\``,
      mended: names(fixed),
      promised: mb(promised),
      won: mb(before.disk - after.disk),
      wonWire: mb(before.wire - after.wire),
      left: names(left),
      endpoints: `${after.passed} of ${after.asked}`,
    })),
  );
}

function table(columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(([, title]) => title)),
    line(columns.map(([, , rule = '--:']) => rule)),
    ...rows.map((row) => line(columns.map(([key]) => row[key]))),
  ].join('\n');
}

/** The text between `<!-- NAME -->` and `<!-- /NAME -->`. @throws Error when there is no such place */
export function sectionOf(text, name) {
  const [from, to] = placeOf(text, name);
  return text.slice(from, to).trim();
}

/** The same text with that replaced. @throws Error when there is no such place */
export function withSection(text, name, content) {
  const [from, to] = placeOf(text, name);
  return `${text.slice(0, from)}\n\n${content}\n\n${text.slice(to)}`;
}

function placeOf(text, name) {
  const open = `<!-- ${name} -->`;
  const from = text.indexOf(open);
  const to = text.indexOf(`<!-- /${name} -->`);
  if (from < 0 || to < from) throw new Error(`no place for ${name}`);
  return [from + open.length, to];
}
