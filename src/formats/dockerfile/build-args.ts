/** Arguments that BuildKit sets for every build; a stage sees them after `ARG NAME`, a FROM line at once. */
export const PLATFORM_ARGS = [
  'BUILDPLATFORM',
  'BUILDOS',
  'BUILDOSVERSION',
  'BUILDARCH',
  'BUILDVARIANT',
  'TARGETPLATFORM',
  'TARGETOS',
  'TARGETOSVERSION',
  'TARGETARCH',
  'TARGETVARIANT',
  'TARGETSTAGE',
] as const;

/** Build arguments that need no ARG: they reach RUN as variables, and neither history nor the cache knows them. */
export const PROXY_ARGS = [
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'FTP_PROXY',
  'ftp_proxy',
  'NO_PROXY',
  'no_proxy',
  'ALL_PROXY',
  'all_proxy',
] as const;

/** Arguments that steer BuildKit itself and never become variables of a step. */
export const NON_ENVIRONMENT_ARGS = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'] as const;

/** In any mix of cases, as BuildKit takes them. */
export function isProxyArg(name: string): boolean {
  return PROXY_ARGS.some((known) => known === name.toLowerCase());
}
