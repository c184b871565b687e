/** What Docker, podman and BuildKit leave to a container's root; here no container has more. */
export const CONTAINER_CAPABILITIES: readonly string[] =
  'CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP'
    .split(' ')
    .map((name) => `CAP_${name}`);
