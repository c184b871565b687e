import type { ShellCommand } from '../../shell/types.ts';
import { invocationOf, type Invocation } from './runs.ts';

const VALUED = ['-o', '--option', '-t', '--target-release', '-c', '--config-file', '-a', '--host-architecture'];

/** A call of apt-get, apt or aptitude. */
export function aptOf(command: ShellCommand): Invocation | undefined {
  return ['apt-get', 'apt', 'aptitude'].includes(command.name) ? invocationOf(command, VALUED) : undefined;
}
