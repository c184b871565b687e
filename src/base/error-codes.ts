/** How the command line ends: 1 the answer is no, 2 wrong use or bad input, 3 the environment said no. */
export type ExitCode = 1 | 2 | 3;

export interface ErrorSpec {
  readonly exit: ExitCode;
  /** What it means, one line, for docs/errors.md. */
  readonly title: string;
  /** The cure when the place that throws knows no better one. */
  readonly hint: string;
}

const spec = (exit: ExitCode, title: string, hint: string): ErrorSpec => ({ exit, title, hint });

/**
 * The closed table of errors. One line per code; docs/errors.md is generated from it, and a test asserts that each code is
 * thrown somewhere in `src/`.
 */
export const ERROR_CODES = {
  // use ------------------------------------------------------------------------------------------------------------
  E_USAGE: spec(2, 'a flag or an argument is wrong', 'see `tare COMMAND --help`'),
  E_CONFIG: spec(2, 'tare.yaml is not valid', 'see docs/config.md, or make a fresh file with `tare init`'),
  E_CHECK: spec(
    2,
    'a file of rules for `tare check` is not valid',
    'see docs/ci.md for what is understood of structure tests and of .dive-ci',
  ),
  E_OPENAPI: spec(
    2,
    'an OpenAPI description cannot be used',
    'check it with a linter for OpenAPI; put all of it into one file',
  ),
  E_SYSTEM: spec(
    1,
    'a system of services does not come up, or does not stay up',
    '`tare up` without --detach shows all that the services print; `tare run` runs an image alone',
  ),
  E_SYSTEM_STATE: spec(
    2,
    'there is no such system, or it runs already',
    'see what runs with `tare ps`; end it with `tare down`',
  ),
  E_CANCELLED: spec(3, 'interrupted before it was done', 'run the command again; nothing half-written was left'),
  E_INTERNAL: spec(3, 'a fault in tare itself', 'run again with TARE_DEBUG=1 and report the stack trace'),
  // names and images -----------------------------------------------------------------------------------------------
  E_REFERENCE: spec(2, 'an image reference cannot be parsed', 'write NAME[:TAG][@DIGEST], or TRANSPORT:PATH[:TAG]'),
  E_TRANSPORT: spec(2, 'the transport does not exist', 'see `tare copy --help` for the list'),
  E_IMAGE_NOT_FOUND: spec(2, 'no such image', 'list what is there with `tare images`; fetch one with `tare pull`'),
  E_PLATFORM: spec(
    2,
    'the image does not offer that platform, or this machine cannot run its programs',
    'choose one of the platforms that the message lists; to run others: `docker run --privileged --rm tonistiigi/binfmt --install all`',
  ),
  E_MANIFEST: spec(2, 'a manifest, index or config is not valid', 'make or fetch the image again'),
  E_DIGEST: spec(2, 'content does not match its digest', 'the blob is damaged or lies: fetch or build the image again'),
  E_SIZE: spec(
    2,
    'content does not have the promised size',
    'the blob is damaged or lies: fetch or build the image again',
  ),
  E_MEDIA_TYPE: spec(2, 'the media type is not supported', 'convert the image first, for example with `skopeo copy`'),
  E_KEY: spec(2, 'a key for signatures cannot be used', 'make a pair with `tare sign --generate-key NAME`'),
  E_SIGNATURE: spec(1, 'an image is not signed as it was asked', 'ask who published it, or sign it: `tare sign`'),
  E_LAYOUT: spec(2, 'the folder is not a valid OCI layout', 'name a folder that holds an `oci-layout` file'),
  E_ARCHIVE: spec(
    2,
    'the archive is not a valid image archive',
    'make it with `docker save` or `skopeo copy … oci-archive:`',
  ),
  E_DAEMON: spec(3, 'the container daemon cannot be used', 'start it, or set DOCKER_HOST'),
  E_ENGINE: spec(
    3,
    'the build engine cannot be used',
    'start BuildKit there, or build on this machine without --engine',
  ),
  E_FETCH: spec(
    3,
    'a file or a repository cannot be fetched from the network',
    'look at the address, the network, and http_proxy and https_proxy; then run the command again',
  ),
  // registries -----------------------------------------------------------------------------------------------------
  E_REGISTRY: spec(
    3,
    'a registry cannot be used, or does not answer as one',
    'look at its name, the network, and http_proxy and https_proxy; then run the command again',
  ),
  E_AUTH: spec(3, 'a registry wants credentials, or refuses those it got', 'log in: `tare login REGISTRY`'),
  E_DENIED: spec(3, 'a registry does not allow this', 'use an account that may: `tare login REGISTRY`'),
  E_RATE_LIMIT: spec(3, 'a registry is asked too often', 'wait; or log in, where that raises the limit'),
  E_TLS: spec(
    3,
    'a registry cannot be reached in a secure way',
    'put the certificate of its authority into /etc/containers/certs.d/HOST/ca.crt or SSL_CERT_FILE',
  ),
  E_CREDENTIALS: spec(
    2,
    'stored credentials cannot be read or written',
    'mend the file or helper that the message names; or log in again: `tare login REGISTRY`',
  ),
  // formats --------------------------------------------------------------------------------------------------------
  E_TAR: spec(2, 'a tar stream is malformed', 'the layer is damaged or hostile: make or fetch it again'),
  E_TAR_PATH: spec(2, 'a tar entry leaves the root', 'the layer is hostile: do not use it'),
  E_COMPRESSION: spec(2, 'compressed data is malformed', 'the layer is damaged or hostile: make or fetch it again'),
  E_LIMIT: spec(2, 'input exceeds a safety limit', 'the input is hostile or far outside what tare is made for'),
  E_ZIP: spec(2, 'a ZIP archive is malformed', 'the file is damaged: build or install it again'),
  E_ELF: spec(2, 'an ELF file is malformed', 'the file is damaged: build or install it again'),
  E_PE: spec(2, 'a PE file is malformed', 'the file is damaged: build or install it again'),
  E_CLI: spec(2, 'the metadata of a .NET assembly are malformed', 'the file is damaged: build or install it again'),
  E_LDCACHE: spec(2, 'a loader cache is malformed', 'run `ldconfig` where the ld.so.cache comes from'),
  E_PACKAGE_DB: spec(
    2,
    'a package database is malformed',
    'it is damaged or hostile: make or fetch the image again, or repair it with the package manager',
  ),
  E_VERSION: spec(2, 'a package version is not valid', 'write it as the package manager would print it'),
  E_JSON: spec(2, 'a JSON document is not valid', 'make or fetch it again'),
  E_IGNORE_FILE: spec(2, 'a .dockerignore cannot be read', 'mend the pattern: the message names the line'),
  E_TOML: spec(2, 'a TOML document is not valid', 'mend it: the message names the line'),
  E_DOCKERFILE: spec(
    2,
    'a Dockerfile is not valid',
    'mend the line that the message names; see https://docs.docker.com/reference/dockerfile/',
  ),
  E_COMPOSE: spec(
    2,
    'a Compose project is not valid',
    'mend what the message names; docs/compose.md says what is understood',
  ),
  E_COMPOSE_UNSUPPORTED: spec(
    2,
    'a Compose project asks for something that tare does not do',
    'docs/compose.md says what to do instead',
  ),
  // build ----------------------------------------------------------------------------------------------------------
  E_NO_ENTRY: spec(
    2,
    'nothing says what the application starts',
    'say which file to start: `tare build --entry FILE`, or `entry:` in tare.yaml',
  ),
  E_AMBIGUOUS_ENTRY: spec(
    2,
    'several things could be what the application starts',
    'say which one: `tare build --entry FILE`, or `entry:` in tare.yaml',
  ),
  E_NO_EVIDENCE: spec(
    2,
    'the image carries no record of reasons',
    'build it with `tare build DIR`, or make it with `tare shrink`',
  ),
  E_NO_RUNTIME: spec(
    2,
    'the warehouse lacks the interpreter that the application needs',
    'install it, or name another warehouse with --from',
  ),
  E_NOT_INSTALLED: spec(
    2,
    'a dependency that the application names is not installed',
    'install the dependencies beside the application: `python3 -m venv .venv && .venv/bin/pip install -r requirements.txt`',
  ),
  E_PUBLISH: spec(2, 'a project cannot be compiled', 'see what the compiler said; mend it, and build again'),
  E_HOST_CA: spec(
    3,
    'this machine has no certificate authorities to lend to the steps',
    'set SSL_CERT_FILE to a PEM file with the authorities that this machine trusts',
  ),
  E_SECRET: spec(
    2,
    'a secret or an ssh agent that a build needs was not given',
    'give it: `--secret id=NAME,src=FILE`, `--ssh default`',
  ),
  E_STEP: spec(2, 'a step of a build failed', 'see what the step said; mend it, and build again'),
  E_PROFILE: spec(2, 'a profile is not valid', 'record it again with `tare observe IMAGE -o FILE`'),
  // tree -----------------------------------------------------------------------------------------------------------
  E_PATH_NOT_FOUND: spec(2, 'no such path', 'list what is there with `tare files`'),
  E_PATH: spec(2, 'a path is not valid', 'give an absolute path without NUL bytes'),
  E_LOOP: spec(2, 'too many symbolic links', 'the links form a circle: mend them'),
  E_NOT_DIRECTORY: spec(2, 'a path runs through something that is not a folder', 'name another path'),
  E_NOT_FILE: spec(2, 'the path is not a regular file', 'name a file'),
  E_EXISTS: spec(2, 'the target exists already', 'name an empty or new target'),
  // sandbox --------------------------------------------------------------------------------------------------------
  E_SANDBOX: spec(
    3,
    'a container cannot be run on this machine',
    '`tare doctor` shows what was tried and how to mend it',
  ),
  E_ORIGINAL: spec(1, 'the image to be shrunk does not pass its own probes', 'mend the probe, or the image'),
  E_UNLIKE: spec(
    1,
    'the small image does not answer as the original does, and could not be repaired',
    'name what is missing with --include, or keep whole packages with --tightness packages',
  ),
  E_ENTRYPOINT: spec(2, 'the program of a container cannot be started', 'see what is inside with `tare files IMAGE`'),
  E_USER: spec(
    2,
    'the image does not know the user or group',
    'give a number, or a name that stands in its /etc/passwd and /etc/group',
  ),
  E_TRACER: spec(
    3,
    'a container cannot be observed, or its observer has ended',
    '`tare doctor` shows which ways of observing work here; TARE_TRACER=strace chooses the other one',
  ),
  E_PORT_IN_USE: spec(3, 'a port of this machine is taken', 'choose another one; port 0 picks a free one'),
  // environment ----------------------------------------------------------------------------------------------------
  E_PERMISSION: spec(3, 'permission denied', 'run as a user who may, or change the permissions'),
  E_NO_SPACE: spec(3, 'the disk is full', 'free space, or move TARE_HOME; `tare prune` drops what nothing refers to'),
  E_READ_ONLY: spec(3, 'the file system is read-only', 'set TARE_HOME to a folder that can be written'),
  E_IO: spec(3, 'the file system failed', 'see the message; check the disk'),
  E_CHANGED: spec(
    3,
    'a file changed while it was read',
    'stop what writes to it, or hide it, and run the command again',
  ),
  E_LOCKED: spec(3, 'another process holds the store', 'wait for it to end'),
  E_TOOL_MISSING: spec(3, 'a tool is missing on this machine', 'install it; `tare doctor` says how'),
  E_STORE: spec(2, 'the store is damaged', 'set TARE_HOME to a new folder, and copy what can be read'),
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERROR_CODES;
