// What came of the stories, as Markdown: sizes in MB (10^6), percentages of the larger, earlier size.

const mb = (bytes) => (bytes / 1e6).toFixed(1);

/** 309.1 → 117.3 is `−62%`; what grew has a plus. `–` where there is nothing to compare with. */
export function change(before, after) {
  if (before === undefined || after === undefined || before === 0) return '–';
  const percent = ((before - after) / Math.max(before, after)) * 100;
  const text = Math.abs(percent) >= 99 ? Math.abs(percent).toFixed(1) : Math.abs(percent).toFixed(0);
  if (Number(text) === 0) return '0%';
  return `${percent > 0 ? '−' : '+'}${text}%`;
}

/**
 * The rows of a story's table: one for each Dockerfile, in order, and one for what `--shrink` made of it. A stage is compared with the stage before, a
 * shrunk image with what it was made from, and everything with the first stage.
 */
export function storyRows(stages) {
  const [first] = stages;
  return stages.flatMap((stage, index) => {
    const previous = stages[index - 1];
    return [
      row(stage.file, stage, { first, before: previous, published: stage.published, told: previous?.published }),
      row(`${stage.file}\`, \`--shrink`, stage.small, {
        first,
        before: stage,
        published: stage.shrunk,
        told: stage.published,
      }),
    ];
  });

  function row(title, image, { before, first, published, told }) {
    const isFirst = image === first;
    return {
      image: `\`${title}\``,
      published: published === undefined ? '' : String(published),
      publishedBefore: published === undefined ? '' : change(told, published),
      publishedFirst: published === undefined ? '' : change(isFirst ? undefined : first.published, published),
      disk: mb(image.disk),
      wire: mb(image.wire),
      files: String(image.files),
      before: change(before?.disk, image.disk),
      first: change(isFirst ? undefined : first.disk, image.disk),
      endpoints: `${image.passed} of ${image.asked}`,
    };
  }
}

const STORY_COLUMNS = [
  ['image', 'image'],
  ['published', 'published, MB'],
  ['publishedBefore', 'from the stage before'],
  ['publishedFirst', 'from the first'],
  ['disk', 'here: disk, MB'],
  ['wire', 'wire, MB'],
  ['files', 'files'],
  ['before', 'from the stage before'],
  ['first', 'from the first'],
  ['endpoints', 'endpoints alive'],
];

/** `{title, name, stages}` as Markdown. */
export function storyTable({ name, stages, title }) {
  return `### ${title} (\`${name}\`)\n\n${table(STORY_COLUMNS, storyRows(stages))}`;
}

const LINT_COLUMNS = [
  ['file', 'Dockerfile'],
  ['mended', 'mended by `--fix`'],
  ['promised', 'promised, MB'],
  ['won', 'won: disk, MB'],
  ['wonWire', 'wire, MB'],
  ['left', 'left to people'],
  ['endpoints', 'endpoints alive'],
];

/** One row for each naive Dockerfile: what its findings promised, and what a build of the mended one weighs less. */
export function lintTable(results) {
  const names = (items) => items.map(({ bytes, rule }) => (bytes ? `${rule} ${mb(bytes)}` : rule)).join(', ') || '–';
  return table(
    LINT_COLUMNS,
    results.map(({ after, before, file, fixed, left, promised }) => ({
      file: `\`${file}\``,
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
    line(columns.map(([key]) => (/^(image|file|mended|left)$/.test(key) ? '---' : '--:'))),
    ...rows.map((row) => line(columns.map(([key]) => row[key]))),
  ].join('\n');
}

/** The text between `<!-- NAME -->` and `<!-- /NAME -->` replaced. @throws Error when there is no such place */
export function withSection(text, name, content) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from < 0 || to < from) throw new Error(`no place for ${name}`);
  return `${text.slice(0, from + open.length)}\n\n${content}\n\n${text.slice(to)}`;
}
