import type { Handler } from '../http/exchange.ts';
import { send, sendJson } from '../http/respond.ts';

/** distribution-spec 1.1, "Determining Support" (end-1). */
export const getBase: Handler<'base'> = async ({ res }) => {
  sendJson(res, {});
};

/** Whether the process answers and the storage can be read. */
export const getHealth: Handler<'health'> = async ({ res, service }) => {
  await service.storage.repositories();
  sendJson(res, { status: 'ok' });
};

export const getMetrics: Handler<'metrics'> = async ({ res, service }) => {
  const [usage, repositories] = await Promise.all([service.quota.usage(), service.storage.repositories()]);
  const gauges = {
    uploads_open: { help: 'uploads that are not complete', value: service.uploads.open },
    uploads_open_bytes: { help: 'bytes of uploads that are not complete', value: service.uploads.bytes },
    repositories: { help: 'repositories', value: repositories.length },
    blobs: { help: 'blobs stored, manifests among them', value: usage.blobs },
    stored_bytes: { help: 'bytes of the blobs stored', value: usage.bytes },
  };
  send(res, {
    status: 200,
    headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: service.metrics.text(gauges),
  });
};
