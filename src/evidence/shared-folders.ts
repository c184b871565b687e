import type { TreePath } from '../base/path.ts';

/**
 * Folders that hold many people's files: a program that is given one of them does not need all that lies there. The application's own folder is never one:
 * `/app`, `/srv/site`, `/var/www`, `/usr/share/nginx/html`, `/opt/tool`.
 */
const SHARED = [
  /^\/(?:bin|boot|dev|etc|home|lib|lib32|lib64|libx32|media|mnt|opt|proc|root|run|sbin|sys|tmp|usr|var)?$/,
  /^\/usr\/(?:bin|games|include|lib|lib32|lib64|libexec|libx32|local|sbin|share|src)$/,
  /^\/usr\/local\/(?:bin|etc|games|include|lib|lib64|libexec|sbin|share|src)$/,
  /^\/usr\/(?:lib|share)\/(?:java|jvm|[a-z0-9_]+-linux-[a-z]+)$/,
  /^\/(?:dev|proc|sys|lib|lib64)\//,
  /^\/var\/(?:backups|cache|lib|local|lock|log|mail|opt|run|spool|tmp)$/,
];

export function isSharedFolder(path: TreePath): boolean {
  return SHARED.some((pattern) => pattern.test(path));
}
