import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { connect } from 'node:net';
import { GRPC } from './errors.ts';
import type { ServiceMethod } from './session.ts';

/** The socket of an agent by id; undefined for one that nobody gave. */
export type AgentSource = (id: string) => string | undefined;

const SERVICE = '/moby.sshforward.v1.SSH/';
/** moby/buildkit v0.29, session/sshforward. */
const ID_HEADER = 'buildkit.ssh.id';
const DEFAULT_ID = 'default';

/** Lets steps talk to the agents of this machine; keys stay here. */
export function agentService(agentOf: AgentSource): readonly ServiceMethod[] {
  const socketOf = (id: string): string | undefined => agentOf(id === '' ? DEFAULT_ID : id);
  const missing = { code: GRPC.NOT_FOUND, details: 'no such ssh agent' };
  return [
    {
      path: `${SERVICE}CheckAgent`,
      asked: 'CheckAgentRequest',
      answered: 'Empty',
      handle: (call: ServerUnaryCall<{ id: string }, object>, done: sendUnaryData<object>) =>
        socketOf(call.request.id) === undefined ? done(missing) : done(null, {}),
    },
    {
      path: `${SERVICE}ForwardAgent`,
      asked: 'BytesMessage',
      answered: 'BytesMessage',
      streams: 'both',
      handle: (call: ServerDuplexStream<{ data: Buffer }, { data: Buffer }>) => {
        const path = socketOf(call.metadata.get(ID_HEADER)[0]?.toString() ?? '');
        if (path === undefined) call.emit('error', missing);
        else forward(call, path);
      },
    },
  ];
}

function forward(call: ServerDuplexStream<{ data: Buffer }, { data: Buffer }>, path: string): void {
  const agent = connect(path);
  agent.on('data', (data: Buffer) => {
    if (call.write({ data })) return;
    agent.pause();
    call.once('drain', () => agent.resume());
  });
  agent.once('end', () => call.end());
  agent.once('error', () => call.emit('error', { code: GRPC.UNAVAILABLE, details: 'the ssh agent does not answer' }));
  call.on('data', (message: { data: Buffer }) => void agent.write(message.data));
  call.once('end', () => agent.end());
  call.once('cancelled', () => agent.destroy());
  call.once('error', () => agent.destroy());
}
