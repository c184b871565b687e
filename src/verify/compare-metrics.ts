/** How a page of metrics begins (Prometheus exposition formats, text format 0.0.4; OpenMetrics 1.0). */
const METRICS = /^# (?:HELP|TYPE|UNIT) [A-Za-z_:]/;
/** A sample: name, labels, value, and perhaps when, and an exemplar with labels of its own (OpenMetrics 1.0, "Exemplars"). */
const SAMPLE = /^([A-Za-z_:][\w:]*(?:\{(?:[^"}\n]|"(?:[^"\\\n]|\\.)*")*\})?) .*$/gm;

/**
 * A page of metrics without its values: they are measurements, of time and memory for the most part, and no two runs have the same ones, however often one
 * of them is asked. Which series there are is compared. Any other text comes back as it is.
 */
export function withoutMeasurements(text: string): string {
  return METRICS.test(text) ? text.replace(SAMPLE, '$1') : text;
}
