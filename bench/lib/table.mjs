const HEAD = ['case', 'subject', 'tare', 'peer', 'of', 'ratio', 'target', ''];

/** One line a row. A ratio is tare divided by the peer; whether more is better the target says. */
export function printTable(rows) {
  const lines = rows.map((row) => [
    row.case,
    row.subject,
    `${round(row.value)}${range(row.values)} ${row.unit}`,
    row.peer ?? '–',
    row.peerValue === undefined ? (row.missing ?? '–') : `${round(row.peerValue)}${range(row.peerValues)} ${row.unit}`,
    row.ratio === undefined ? '–' : round(row.ratio),
    targetText(row.target),
    row.ok === undefined ? '' : row.ok ? 'ok' : 'SHORT',
  ]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column].length)));
  for (const line of [HEAD, ...lines])
    console.log(
      line
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}

/**
 * Fills in the ratio and whether the target is met. `target`: `{ ratio | value, atLeast | atMost }`. `values`, `peerValues`: of all runs, of which the range
 * is shown. `missing`: why there is no value of the peer.
 */
export function row({ missing, peer, peerValue, peerValues, subject, target, unit, value, values }) {
  const ratio = peerValue === undefined ? undefined : value / peerValue;
  const measured = target?.of === 'value' ? value : ratio;
  const ok =
    target === undefined || measured === undefined
      ? undefined
      : (target.atLeast === undefined || measured >= target.atLeast) &&
        (target.atMost === undefined || measured <= target.atMost);
  return { subject, value, values, unit, peer, peerValue, peerValues, missing, ratio, target, ok };
}

function targetText(target) {
  if (target === undefined) return '–';
  // Of a frame's time no more digits are shown than can be measured.
  const limit = Number((target.atLeast ?? target.atMost).toPrecision(3));
  const bound = target.atLeast === undefined ? `≤ ${limit}` : `≥ ${limit}`;
  return target.of === 'value' ? bound : `${bound} ×`;
}

function range(values = []) {
  return values.length < 2 ? '' : ` (${round(Math.min(...values))}–${round(Math.max(...values))})`;
}

function round(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
