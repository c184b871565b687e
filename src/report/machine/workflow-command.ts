export type WorkflowCommand = 'notice' | 'warning' | 'error';

/** A workflow command of GitHub Actions, which becomes an annotation: one line, whatever the texts hold. */
export function workflowCommand(
  command: WorkflowCommand,
  properties: readonly (readonly [name: string, value: string | number])[],
  message: string,
): string {
  const text = properties.map(([name, value]) => `${name}=${property(String(value))}`).join(',');
  return `::${command} ${text}::${data(message)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
