import { errnoOf, TareError } from '../../base/error.ts';
import { Fault } from './retry.ts';

/** For messages: without credentials, and without a query, which may be a signature. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Trying again finds the same name, the same certificate, the same closed door. */
const LASTING = /ENOTFOUND|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|INVALID_ARG|EACCES/;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/;
/** The other side does not speak TLS, or not ours. */
const NO_TLS = /EPROTO|ERR_SSL|ERR_TLS|wrong version number/;

/** What a connection breaks with, for people; a Fault where trying again may help. */
export function translated(url: URL, error: unknown): unknown {
  if (error instanceof Fault || error instanceof TareError) return error;
  const code = errnoOf(error) ?? '';
  const why = error instanceof Error && error.message !== '' ? error.message : code;
  if (CERTIFICATE.test(code)) {
    return new TareError('E_TLS', `the certificate of ${url.host} is not trusted: ${why}`, {
      hint: `put the certificate of its authority into /etc/containers/certs.d/${url.host}/ca.crt or SSL_CERT_FILE; or, to trust whoever answers, --insecure ${url.host}`,
      cause: error,
    });
  }
  if (NO_TLS.test(code) || /certificate required|bad certificate|handshake failure/i.test(why))
    return new TareError('E_TLS', `no secure connection to ${url.host}: ${why}`, {
      hint: /certificate|handshake/i.test(why)
        ? `it may want a client certificate: put it into /etc/containers/certs.d/${url.host}/ as client.cert and client.key`
        : `if it speaks plain HTTP: --insecure ${url.host}`,
      cause: error,
    });
  const failed = broken(url, why, error);
  return LASTING.test(code) ? failed : new Fault(failed);
}

export function broken(url: URL, why: string, cause: unknown): TareError {
  return new TareError('E_REGISTRY', `cannot talk to ${shownUrl(url)}: ${why}`, { cause });
}
