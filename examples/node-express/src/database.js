import pg from 'pg';

/** A pool that connects on first use; undefined without a URL. */
export function openDatabase(url) {
  return url === undefined ? undefined : new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 2000 });
}
