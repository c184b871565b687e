/** What is refused: `message => hint`. */
export const ERRORS: readonly (readonly [name: string, text: string, message: string])[] = [
  ['nothing', '', 'Dockerfile:1:  : the file holds no instruction => begin with FROM IMAGE, or FROM scratch'],
  [
    'comments only',
    '# a\n',
    'Dockerfile:1: # a : the file holds no instruction => begin with FROM IMAGE, or FROM scratch',
  ],
  ['no FROM', 'ARG A=1\n', 'Dockerfile:1: ARG A=1 : there is no FROM => begin with FROM IMAGE, or FROM scratch'],
  [
    'an unknown instruction',
    'FROM a\nWORKDIRR /x',
    'Dockerfile:2: WORKDIRR /x : there is no instruction WORKDIRR => did you mean WORKDIR?',
  ],
  [
    'a misspelt instruction',
    'FROM a\nRUM make',
    'Dockerfile:2: RUM make : there is no instruction RUM => did you mean RUN?',
  ],
  [
    'an instruction of another language',
    'FROM a\napt-get install x',
    'Dockerfile:2: apt-get install x : there is no instruction apt-get => instructions are ADD, ARG, CMD, COPY, ENTRYPOINT, ENV, EXPOSE, FROM, HEALTHCHECK, LABEL, MAINTAINER, ONBUILD, RUN, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR',
  ],
  [
    'a directory',
    'FROM a\nWORKDR /x',
    'Dockerfile:2: WORKDR /x : there is no instruction WORKDR => did you mean WORKDIR?',
  ],
  [
    'RUN before FROM',
    'RUN a\nFROM b',
    'Dockerfile:1: RUN a : RUN stands before the first FROM => begin with FROM IMAGE; only ARG may stand before it',
  ],
  [
    'a continuation of nothing',
    'FROM a\n\\\n',
    'Dockerfile:2: \\ : nothing is continued here => remove the escape at the end of the line',
  ],
  ['FROM without an image', 'FROM', 'Dockerfile:1: FROM : FROM lacks its argument => write FROM IMAGE [AS NAME]'],
  [
    'FROM with two words',
    'FROM a b',
    'Dockerfile:1: FROM a b : FROM takes an image, and AS with a name => write FROM IMAGE [AS NAME]',
  ],
  [
    'FROM with AS alone',
    'FROM a AS',
    'Dockerfile:1: FROM a AS : FROM takes an image, and AS with a name => write FROM IMAGE [AS NAME]',
  ],
  [
    'FROM with too much',
    'FROM a AS b c',
    'Dockerfile:1: FROM a AS b c : FROM takes an image, and AS with a name => write FROM IMAGE [AS NAME]',
  ],
  [
    'FROM with a bad keyword',
    'FROM a IS b',
    'Dockerfile:1: FROM a IS b : FROM takes an image, and AS with a name => write FROM IMAGE [AS NAME]',
  ],
  [
    'a stage name that begins with a digit',
    'FROM a AS 1b',
    'Dockerfile:1: FROM a AS 1b : 1b cannot name a stage => begin with a letter; letters, digits, -, _ and . may follow',
  ],
  [
    'a stage name with a slash',
    'FROM a AS b/c',
    'Dockerfile:1: FROM a AS b/c : b/c cannot name a stage => begin with a letter; letters, digits, -, _ and . may follow',
  ],
  [
    'a stage name twice',
    'FROM a AS b\nFROM c AS B',
    'Dockerfile:2: FROM c AS B : the stage b exists already, in line 1 => give one of the two another name',
  ],
  [
    'an unknown flag of FROM',
    'FROM --platfrm=x a',
    'Dockerfile:1: FROM --platfrm=x a : FROM has no flag --platfrm => did you mean --platform?',
  ],
  ['ENV without a value', 'FROM a\nENV A', 'Dockerfile:2: ENV A : ENV lacks a value => write ENV NAME=VALUE'],
  ['ENV without anything', 'FROM a\nENV', 'Dockerfile:2: ENV : ENV lacks its argument => write ENV NAME=VALUE'],
  [
    'ENV with a pair that has no =',
    'FROM a\nENV A=b c',
    'Dockerfile:2: ENV A=b c : c has no = => write NAME=VALUE; put a value with blanks in quotes',
  ],
  ['ENV without a name', 'FROM a\nENV =b', 'Dockerfile:2: ENV =b : ENV has a pair without a name => write NAME=VALUE'],
  [
    'LABEL without anything',
    'FROM a\nLABEL',
    'Dockerfile:2: LABEL : LABEL lacks its argument => write LABEL NAME=VALUE',
  ],
  ['LABEL without a value', 'FROM a\nLABEL a', 'Dockerfile:2: LABEL a : LABEL lacks a value => write LABEL NAME=VALUE'],
  ['ARG without a name', 'FROM a\nARG', 'Dockerfile:2: ARG : ARG lacks its argument => write ARG NAME[=DEFAULT]'],
  ['ARG with an empty name', 'FROM a\nARG =b', 'Dockerfile:2: ARG =b : an ARG has no name => write ARG NAME[=DEFAULT]'],
  [
    'COPY with one word',
    'FROM a\nCOPY a',
    'Dockerfile:2: COPY a : COPY needs a source and a destination => write COPY SOURCE… DESTINATION',
  ],
  [
    'COPY without anything',
    'FROM a\nCOPY',
    'Dockerfile:2: COPY : COPY needs a source and a destination => write COPY SOURCE… DESTINATION',
  ],
  [
    'COPY with an empty array',
    'FROM a\nCOPY []',
    'Dockerfile:2: COPY [] : COPY needs a source and a destination => write COPY SOURCE… DESTINATION',
  ],
  [
    'ADD with one word',
    'FROM a\nADD a',
    'Dockerfile:2: ADD a : ADD needs a source and a destination => write ADD SOURCE… DESTINATION',
  ],
  [
    'a heredoc as destination',
    'FROM a\nCOPY a <<EOF\nx\nEOF',
    'Dockerfile:2: COPY a <<EOF : the destination of COPY cannot be a heredoc => write COPY <<EOF /path',
  ],
  [
    'a heredoc without end',
    'FROM a\nRUN <<EOF\nx\n',
    'Dockerfile:2: RUN <<EOF : the heredoc EOF has no end => put a line with EOF alone behind its text',
  ],
  [
    'the second heredoc without end',
    'FROM a\nRUN <<A <<B\n1\nA\n2\n',
    'Dockerfile:2: RUN <<A <<B : the heredoc B has no end => put a line with B alone behind its text',
  ],
  [
    'numbers in an array',
    'FROM a\nCMD ["a", 1]',
    'Dockerfile:2: CMD ["a", 1] : a JSON array here may hold strings only => put 1 in double quotes',
  ],
  [
    'an array in an array',
    'FROM a\nRUN [["a"]]',
    'Dockerfile:2: RUN [["a"]] : a JSON array here may hold strings only => put ["a"] in double quotes',
  ],
  [
    'SHELL without an array',
    'FROM a\nSHELL /bin/bash -c',
    'Dockerfile:2: SHELL /bin/bash -c : SHELL takes a JSON array of strings => write SHELL ["/bin/sh", "-c"]',
  ],
  [
    'SHELL with an empty array',
    'FROM a\nSHELL []',
    'Dockerfile:2: SHELL [] : SHELL takes a JSON array of strings => write SHELL ["/bin/sh", "-c"]',
  ],
  [
    'EXPOSE without anything',
    'FROM a\nEXPOSE',
    'Dockerfile:2: EXPOSE : EXPOSE lacks its argument => write EXPOSE 8080[/tcp]',
  ],
  [
    'VOLUME without anything',
    'FROM a\nVOLUME',
    'Dockerfile:2: VOLUME : VOLUME lacks its argument => write VOLUME /path',
  ],
  [
    'VOLUME with an empty path',
    'FROM a\nVOLUME ["/a", ""]',
    'Dockerfile:2: VOLUME ["/a", ""] : VOLUME has an empty path => name a folder',
  ],
  [
    'WORKDIR without anything',
    'FROM a\nWORKDIR',
    'Dockerfile:2: WORKDIR : WORKDIR lacks its argument => write WORKDIR /path',
  ],
  ['USER without anything', 'FROM a\nUSER', 'Dockerfile:2: USER : USER lacks its argument => write USER NAME[:GROUP]'],
  [
    'STOPSIGNAL without anything',
    'FROM a\nSTOPSIGNAL',
    'Dockerfile:2: STOPSIGNAL : STOPSIGNAL lacks its argument => write STOPSIGNAL SIGTERM',
  ],
  [
    'HEALTHCHECK without anything',
    'FROM a\nHEALTHCHECK',
    'Dockerfile:2: HEALTHCHECK : HEALTHCHECK lacks its argument => write HEALTHCHECK CMD COMMAND, or HEALTHCHECK NONE',
  ],
  [
    'HEALTHCHECK without a command',
    'FROM a\nHEALTHCHECK CMD',
    'Dockerfile:2: HEALTHCHECK CMD : HEALTHCHECK CMD lacks its command => write HEALTHCHECK CMD COMMAND',
  ],
  [
    'HEALTHCHECK of another type',
    'FROM a\nHEALTHCHECK curl x',
    'Dockerfile:2: HEALTHCHECK curl x : HEALTHCHECK knows CMD and NONE, not CURL => write HEALTHCHECK CMD curl x',
  ],
  [
    'HEALTHCHECK NONE with more',
    'FROM a\nHEALTHCHECK NONE x',
    'Dockerfile:2: HEALTHCHECK NONE x : HEALTHCHECK NONE takes no arguments => remove them',
  ],
  [
    'a duration without unit',
    'FROM a\nHEALTHCHECK --interval=30 CMD x',
    'Dockerfile:2: HEALTHCHECK --interval=30 CMD x : --interval is no duration: 30 => write --interval=30s, or 1m30s',
  ],
  [
    'a duration that is too short',
    'FROM a\nHEALTHCHECK --interval=5us CMD x',
    'Dockerfile:2: HEALTHCHECK --interval=5us CMD x : --interval is below 1ms: 5us => write --interval=30s, or 1m30s',
  ],
  [
    'retries that are no number',
    'FROM a\nHEALTHCHECK --retries=x CMD y',
    'Dockerfile:2: HEALTHCHECK --retries=x CMD y : --retries is not a number from 0: x => write --retries=3',
  ],
  [
    'negative retries',
    'FROM a\nHEALTHCHECK --retries=-1 CMD y',
    'Dockerfile:2: HEALTHCHECK --retries=-1 CMD y : --retries is not a number from 0: -1 => write --retries=3',
  ],
  [
    'ONBUILD without anything',
    'FROM a\nONBUILD',
    'Dockerfile:2: ONBUILD : ONBUILD lacks its argument => write ONBUILD INSTRUCTION',
  ],
  [
    'ONBUILD ONBUILD',
    'FROM a\nONBUILD ONBUILD RUN a',
    'Dockerfile:2: ONBUILD ONBUILD RUN a : ONBUILD cannot wait for a later build => ONBUILD takes every instruction but FROM, MAINTAINER and ONBUILD',
  ],
  [
    'ONBUILD FROM',
    'FROM a\nONBUILD FROM a',
    'Dockerfile:2: ONBUILD FROM a : FROM cannot wait for a later build => ONBUILD takes every instruction but FROM, MAINTAINER and ONBUILD',
  ],
  [
    'ONBUILD MAINTAINER',
    'FROM a\nONBUILD maintainer a',
    'Dockerfile:2: ONBUILD maintainer a : MAINTAINER cannot wait for a later build => ONBUILD takes every instruction but FROM, MAINTAINER and ONBUILD',
  ],
  [
    'ONBUILD of nothing known',
    'FROM a\nONBUILD RUNN a',
    'Dockerfile:2: ONBUILD RUNN a : there is no instruction RUNN => did you mean RUN?',
  ],
  [
    'an unknown flag',
    'FROM a\nCOPY --form=a b c',
    'Dockerfile:2: COPY --form=a b c : COPY has no flag --form => did you mean --from?',
  ],
  [
    'a flag of another instruction',
    'FROM a\nADD --from=a b c',
    'Dockerfile:2: ADD --from=a b c : ADD has no flag --from => --from belongs to COPY',
  ],
  [
    'a flag where there are none',
    'FROM a\nENV --x A=b',
    'Dockerfile:2: ENV --x A=b : ENV has no flag --x => remove it',
  ],
  [
    'a flag twice',
    'FROM a\nCOPY --from=a --from=b c d',
    'Dockerfile:2: COPY --from=a --from=b c d : --from is given twice => keep one of the two',
  ],
  [
    'a flag without its value',
    'FROM a\nCOPY --from a b',
    'Dockerfile:2: COPY --from a b : --from lacks a value => write --from=VALUE',
  ],
  [
    'a switch with another value',
    'FROM a\nCOPY --link=maybe a b',
    'Dockerfile:2: COPY --link=maybe a b : --link is true or false, not maybe => write --link or --link=false',
  ],
  [
    'a switch with an empty value',
    'FROM a\nCOPY --link= a b',
    'Dockerfile:2: COPY --link= a b : --link lacks a value => write --link or --link=false',
  ],
  [
    'from with a variable',
    'FROM a\nCOPY --from=$A b c',
    'Dockerfile:2: COPY --from=$A b c : --from cannot hold a variable => name the image in a stage of its own: FROM $IMAGE AS name, then COPY --from=name',
  ],
  [
    'an unknown network',
    'FROM a\nRUN --network=bridge x',
    'Dockerfile:2: RUN --network=bridge x : --network is not bridge => choose one of default, none, host',
  ],
  [
    'an unknown security',
    'FROM a\nRUN --security=none x',
    'Dockerfile:2: RUN --security=none x : --security is not none => choose one of sandbox, insecure',
  ],
  [
    'an unknown mount type',
    'FROM a\nRUN --mount=type=chache,target=/x y',
    'Dockerfile:2: RUN --mount=type=chache,target=/x y : there is no mount type chache => did you mean cache?',
  ],
  [
    'an unknown mount key',
    'FROM a\nRUN --mount=type=cache,taget=/x y',
    'Dockerfile:2: RUN --mount=type=cache,taget=/x y : a mount has no key taget => did you mean target?',
  ],
  [
    'a mount field without value',
    'FROM a\nRUN --mount=type=cache,target x',
    'Dockerfile:2: RUN --mount=type=cache,target x : target of the mount lacks a value => write KEY=VALUE; keys are type, from, source, src, target, dst, destination, readonly, ro, readwrite, rw, id, sharing, required, size, mode, uid, gid, env',
  ],
  [
    'a mount from a variable',
    'FROM a\nRUN --mount=from=$A,target=/x y',
    'Dockerfile:2: RUN --mount=from=$A,target=/x y : from= of a mount cannot hold a variable => name the image in a stage of its own: FROM $IMAGE AS name, then from=name',
  ],
  [
    'a mount with a stray quote',
    "FROM a\nRUN --mount='type=bind,a\"b' x",
    "Dockerfile:2: RUN --mount='type=bind,a\"b' x : the mount is not a list of KEY=VALUE with commas between => write --mount=type=cache,target=/path; put a field that holds a comma in double quotes",
  ],
  [
    'size for a cache',
    'FROM a\nRUN --mount=type=cache,target=/x,size=1m y',
    'Dockerfile:2: RUN --mount=type=cache,target=/x,size=1m y : a mount of type cache has no key size => say type= before the keys that go with it, or remove the key',
  ],
  [
    'required for a cache',
    'FROM a\nRUN --mount=type=cache,target=/x,required y',
    'Dockerfile:2: RUN --mount=type=cache,target=/x,required y : a mount of type cache has no key required => say type= before the keys that go with it, or remove the key',
  ],
  [
    'sharing for a bind',
    'FROM a\nRUN --mount=type=bind,target=/x,sharing=locked y',
    'Dockerfile:2: RUN --mount=type=bind,target=/x,sharing=locked y : a mount of type bind has no key sharing => say type= before the keys that go with it, or remove the key',
  ],
  [
    'mode for a tmpfs',
    'FROM a\nRUN --mount=type=tmpfs,target=/x,mode=0700 y',
    'Dockerfile:2: RUN --mount=type=tmpfs,target=/x,mode=0700 y : a mount of type tmpfs has no key mode => say type= before the keys that go with it, or remove the key',
  ],
  [
    'a secret without a name',
    'FROM a\nRUN --mount=type=secret x',
    'Dockerfile:2: RUN --mount=type=secret x : a secret needs an id => write --mount=type=secret,id=NAME',
  ],
  [
    'a secret with source and id',
    'FROM a\nRUN --mount=type=secret,id=a,source=b x',
    'Dockerfile:2: RUN --mount=type=secret,id=a,source=b x : a secret has source= or id=, not both => keep id=',
  ],
  [
    'a secret from a stage',
    'FROM a\nRUN --mount=type=secret,id=a,from=b x',
    'Dockerfile:2: RUN --mount=type=secret,id=a,from=b x : a mount of type secret has no key from => say type= before the keys that go with it, or remove the key',
  ],
  [
    'a mode that is not octal',
    'FROM a\nRUN --mount=type=secret,id=a,mode=9 x',
    'Dockerfile:2: RUN --mount=type=secret,id=a,mode=9 x : the value of mode= is not valid => mode is octal, uid and gid are numbers, size is like 64m, switches are true or false',
  ],
  [
    'a user that is no number',
    'FROM a\nRUN --mount=type=cache,target=/x,uid=root y',
    'Dockerfile:2: RUN --mount=type=cache,target=/x,uid=root y : the value of uid= is not valid => mode is octal, uid and gid are numbers, size is like 64m, switches are true or false',
  ],
  [
    'a size that is none',
    'FROM a\nRUN --mount=type=tmpfs,target=/x,size=big y',
    'Dockerfile:2: RUN --mount=type=tmpfs,target=/x,size=big y : the value of size= is not valid => mode is octal, uid and gid are numbers, size is like 64m, switches are true or false',
  ],
  [
    'an unknown sharing',
    'FROM a\nRUN --mount=type=cache,target=/x,sharing=exclusive y',
    'Dockerfile:2: RUN --mount=type=cache,target=/x,sharing=exclusive y : there is no sharing exclusive => choose one of shared, private, locked',
  ],
  [
    'a switch that is neither',
    'FROM a\nRUN --mount=type=bind,target=/x,ro=maybe y',
    'Dockerfile:2: RUN --mount=type=bind,target=/x,ro=maybe y : the value of ro= is not valid => mode is octal, uid and gid are numbers, size is like 64m, switches are true or false',
  ],
  [
    'a mount with an indented continuation',
    'FROM a\nRUN --mount=type=cache,\\\n  target=/x make',
    'Dockerfile:2: RUN --mount=type=cache,\\ : the mount has an empty field => write it without blanks; a continued line keeps its indentation',
  ],
  [
    'a directive twice',
    '# escape=\\\n# escape=`\nFROM a',
    'Dockerfile:2: # escape=` : the directive escape is given twice => keep one of the two',
  ],
  [
    'an escape of two chars',
    '# escape=\\\\\nFROM a',
    'Dockerfile:1: # escape=\\\\ : the escape is neither \\ nor ` => write `# escape=\\` or `# escape=` and a backtick',
  ],
  [
    'an escape that is a letter',
    '# escape=x\nFROM a',
    'Dockerfile:1: # escape=x : the escape is neither \\ nor ` => write `# escape=\\` or `# escape=` and a backtick',
  ],
  [
    'another language',
    '// syntax=docker.io/x/y\nfoo',
    'Dockerfile:1: // syntax=docker.io/x/y : it is written for another frontend, not as a Dockerfile => build it with BuildKit, which runs docker.io/x/y',
  ],
  [
    'another language in JSON',
    '{"syntax": "x/y"}',
    'Dockerfile:1: {"syntax": "x/y"} : it is written for another frontend, not as a Dockerfile => build it with BuildKit, which runs x/y',
  ],
  [
    'a slash comment',
    '// hello\nFROM a',
    'Dockerfile:1: // hello : there is no instruction // => instructions are ADD, ARG, CMD, COPY, ENTRYPOINT, ENV, EXPOSE, FROM, HEALTHCHECK, LABEL, MAINTAINER, ONBUILD, RUN, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR',
  ],
];
