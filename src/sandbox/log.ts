import { readFileSync } from 'node:fs';
import { errnoOf } from '../base/error.ts';

/** The last error in a runtime's log file (`--log-format json`: one object a line); undefined when there is none. */
export function lastError(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const messages = text.split('\n').flatMap((line): string[] => {
    const entry = line.startsWith('{') ? parsed(line) : undefined;
    return entry?.level === 'error' || entry?.level === 'fatal' ? [entry.msg ?? ''] : [];
  });
  return messages.at(-1);
}

function parsed(line: string): { level?: string; msg?: string } | undefined {
  try {
    return JSON.parse(line) as { level?: string; msg?: string };
  } catch (error) {
    // The runtime may still be writing the line.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether a runtime's complaint is about the program of the image (or the folder to start it in), and not about this machine. */
export function blamesProgram(message: string): boolean {
  return /executable file|open executable|exec: "|chdir `/.test(message);
}

/** What the runtime's own process prints when execve(2) itself fails, after it has closed its log; undefined when it is something else. */
export function execFailure(stderr: string, program: string): string | undefined {
  const line = stderr.split('\n')[0] ?? '';
  const message = line.startsWith('{') ? parsed(line)?.msg : line;
  if (message === undefined) return undefined;
  return message.startsWith('exec container process') || message.startsWith(`exec ${program}: `) ? message : undefined;
}
