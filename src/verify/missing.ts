/** No more paths than this are taken out of one output: it may be hostile. */
const MAX_MISSING = 100;
const MAX_NAME = 4096;

/** How loaders, interpreters and programs say that something is not there; the group is what they name. */
const COMPLAINTS: readonly RegExp[] = [
  // glibc and musl: the dynamic loader.
  /error while loading shared libraries: ([^\s:]+): cannot open/g,
  /Error loading shared library ([^\s:]+): No such file/g,
  /(?:^|[\s:'"])([^\s:'"]+\.so[^\s:'"]*): cannot open shared object file/gm,
  // Node.
  /Cannot find (?:module|package) '([^'\n]+)'/g,
  /ENOENT: no such file or directory, \w+ '([^'\n]+)'/g,
  /spawn (\S+) ENOENT/g,
  // Python.
  /No such file or directory: b?'([^'\n]+)'/g,
  /No module named '?([\w.]+)'?/g,
  // Go, the OCI runtimes.
  /\b(?:open|stat|lstat|exec|fork\/exec) ([^\s:]+): no such file or directory/g,
  /exec: "([^"\n]+)":/g,
  /executable file [`'"]([^`'"\n]+)[`'"] not found/g,
  // Shells and what uses perror(3).
  /(?:^|[\s:'"])(\/[^\s:'"]+)['"]?: (?:No such file or directory|not found)/gm,
  /: ([^\s:]+): (?:command )?not found/g,
  // Perl, Ruby.
  /Can't locate (\S+\.pm) in @INC/g,
  /cannot load such file -- (\S+)/g,
];

/** What the output of a program complains about, as it names it (a path, a soname, a module), each once, in order of appearance by kind. */
export function missingIn(output: string): readonly string[] {
  const found = new Set<string>();
  for (const complaint of COMPLAINTS) {
    for (const match of output.matchAll(complaint)) {
      const name = match[1];
      if (name === undefined || name.length > MAX_NAME) continue;
      found.add(name);
      if (found.size === MAX_MISSING) return [...found];
    }
  }
  return [...found];
}
