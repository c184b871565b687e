const HEAD = ['case', 'subject', 'tare', 'peer', 'of', 'ratio', 'target', ''];

/** One line a row. A ratio is tare divided by the peer; whether more is better the target says. */
export function printTable(rows) {
  const lines = rows.map((row) => [
    row.case,
    row.subject,
    `${round(row.value)} ${row.unit}`,
    row.peer ?? '–',
    row.peerValue === undefined ? '–' : `${round(row.peerValue)} ${row.unit}`,
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

/** Fills in the ratio and whether the target is met. `target`: `{ ratio | value, atLeast | atMost }`. */
export function row({ peer, peerValue, subject, target, unit, value }) {
  const ratio = peerValue === undefined ? undefined : value / peerValue;
  const measured = target?.of === 'value' ? value : ratio;
  const ok =
    target === undefined || measured === undefined
      ? undefined
      : (target.atLeast === undefined || measured >= target.atLeast) &&
        (target.atMost === undefined || measured <= target.atMost);
  return { subject, value, unit, peer, peerValue, ratio, target, ok };
}

function targetText(target) {
  if (target === undefined) return '–';
  const bound = target.atLeast === undefined ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
  return target.of === 'value' ? bound : `${bound} ×`;
}

function round(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
