/** Programs that read shell scripts of the kind that is understood here. */
export const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'rbash']);

/** Commands that the shells above bring along (POSIX XCU 2.14 and 1.6; bash(1) "SHELL BUILTIN COMMANDS"; dash(1)): no file is needed for them. */
export const BUILTINS: ReadonlySet<string> = new Set(
  (
    ': . [ alias bg bind break builtin caller cd chdir command compgen complete compopt continue declare dirs disown echo enable eval ' +
    'exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read readarray ' +
    'readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset wait'
  ).split(' '),
);

/** Commands whose arguments are text, or files that need not be there. */
export const NOT_READING: ReadonlySet<string> = new Set([
  'echo',
  'printf',
  'rm',
  'rmdir',
  'mkdir',
  'export',
  'local',
  'declare',
  'readonly',
  'alias',
  'unset',
  'umask',
  'kill',
  'exit',
  'return',
]);
