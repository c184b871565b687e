import { describe, expect, it } from 'vitest';
import { findingsOf } from './ask.ts';

/** A rule, what it is asked about, and where it finds something: `line:column message`. */
const CASES: readonly (readonly [rule: string, text: string, found: readonly string[]])[] = [
  ['StageNameCasing', 'FROM a:1 AS b\nFROM b AS c', []],
  [
    'StageNameCasing',
    'FROM a:1 AS Ab\nFROM ab AS C',
    ['1:13 the stage Ab has capital letters in its name', '2:12 the stage C has capital letters in its name'],
  ],
  ['FromAsCasing', 'from a:1 as b\nFROM a:1 AS c\nFROM a:1', []],
  ['FromAsCasing', 'from a:1 AS b', ['1:10 AS is not in the case of from']],
  ['FromAsCasing', 'From a:1 aS b', []],
  [
    'ConsistentInstructionCasing',
    'from a:1\nrun x\nCMD y',
    ['3:1 CMD is not in lower case, as most instructions of this file are'],
  ],
  [
    'ConsistentInstructionCasing',
    'FROM a:1\nRuN x',
    ['2:1 RuN is not in upper case, as most instructions of this file are'],
  ],
  ['ConsistentInstructionCasing', 'arg A\nFROM a:1\nRUN x', []],
  ['NoEmptyContinuation', 'FROM a:1\nRUN x \\\n# c\n  y\n\nRUN z', []],
  ['NoEmptyContinuation', 'FROM a:1\nRUN x \\\n\n\n  y', ['3:1 this instruction goes on behind an empty line']],
  ['DuplicateStageName', 'FROM a:1 AS x\nFROM b:1 AS X', ['2:13 the stage x exists already, in line 1']],
  [
    'ReservedStageName',
    'FROM a:1 AS scratch\nFROM a:1 AS context\nFROM scratch AS b',
    [
      '1:13 scratch is a reserved word and cannot be the name of a stage',
      '2:13 context is a reserved word and cannot be the name of a stage',
    ],
  ],
  ['JSONArgsRecommended', 'FROM a:1\nSHELL ["/bin/bash", "-c"]\nCMD x', []],
  ['JSONArgsRecommended', 'FROM a:1 AS b\nSHELL ["/bin/bash", "-c"]\nFROM b\nENTRYPOINT x', []],
  [
    'JSONArgsRecommended',
    'FROM a:1\nENTRYPOINT x y\nHEALTHCHECK CMD z',
    ['2:12 ENTRYPOINT in shell form keeps signals from the program'],
  ],
  ['MaintainerDeprecated', 'FROM a:1\nmaintainer me', ['2:1 MAINTAINER is deprecated']],
  ['UndefinedArgInFrom', 'ARG TAG\nFROM a:$TAG', []],
  ['UndefinedArgInFrom', 'FROM --platform=$BUILDPLATFORM a:1', []],
  ['UndefinedArgInFrom', 'ARG VERSION=1\nFROM a:${VERSIO}', ['2:8 no ARG before the first FROM declares VERSIO']],
  ['UndefinedArgInFrom', 'FROM a:1 AS b\nARG T=1\nFROM a:$T', ['3:8 no ARG before the first FROM declares T']],
  ['UndefinedArgInFrom', 'FROM --platform=$PLAT a:1', ['1:17 no ARG before the first FROM declares PLAT']],
  ['WorkdirRelativePath', 'FROM a:1\nWORKDIR /x\nWORKDIR y', []],
  ['WorkdirRelativePath', 'FROM a:1\nWORKDIR x\nWORKDIR y', ['2:9 x starts at the working folder of the base image']],
  ['WorkdirRelativePath', 'FROM a:1 AS b\nWORKDIR /x\nFROM b\nWORKDIR y', []],
  ['WorkdirRelativePath', 'FROM a:1\nWORKDIR C:\\\\x', ['2:9 C:\\\\x starts at the working folder of the base image']],
  ['UndefinedVar', 'FROM a:1\nENV P=$PATH:/x', []],
  ['UndefinedVar', 'FROM a:1\nRUN echo $x\nCMD echo $y\nHEALTHCHECK CMD $z', []],
  ['UndefinedVar', 'ARG A=1\nFROM a:1\nCOPY $A .', ['3:6 nothing sets $A before it is used']],
  ['UndefinedVar', 'ARG A=1\nFROM a:1\nARG A\nCOPY $A .', []],
  ['UndefinedVar', 'FROM a:1\nARG A\nCOPY ${A:-x} .', []],
  ['UndefinedVar', 'FROM a:1\nENV A=1 B=$A', ['2:11 nothing sets $A before it is used']],
  ['UndefinedVar', 'FROM a:1 AS b\nENV A=1\nARG B=2\nFROM b\nLABEL x=$A$B', []],
  ['UndefinedVar', 'FROM a:1 AS b\nENV A=1\nFROM a:1\nUSER $A', ['4:6 nothing sets $A before it is used']],
  ['UndefinedVar', 'FROM a:1\nWORKDIR /x${Y}z', ['2:11 nothing sets $Y before it is used']],
  ['UndefinedVar', 'FROM a:1\nLABEL a=\'$Q\' b="\\$R"', []],
  [
    'UndefinedVar',
    'FROM a:1\nCOPY <<E /x\n$foo\nE\nCOPY <<"F" /y\n$bar\nF',
    ['3:1 nothing sets $foo before it is used'],
  ],
  ['UndefinedVar', 'FROM a:1\nRUN --mount=type=cache,target=$T x', ['2:31 nothing sets $T before it is used']],
  ['UndefinedVar', 'FROM a:1\nONBUILD COPY $x .', []],
  ['UndefinedVar', 'FROM node:20-slim\nLABEL v=$NODE_VERSION', []],
  ['UndefinedVar', 'FROM scratch\nLABEL v=$NODE_VERSION', ['2:9 nothing sets $NODE_VERSION before it is used']],
  ['MultipleInstructionsDisallowed', 'FROM a:1\nCMD ["a"]\nFROM a:1\nCMD ["b"]', []],
  [
    'MultipleInstructionsDisallowed',
    'FROM a:1\nHEALTHCHECK NONE\nHEALTHCHECK CMD x\nENTRYPOINT ["a"]\nENTRYPOINT ["b"]',
    ['2:1 this HEALTHCHECK is replaced by the one in line 3', '4:1 this ENTRYPOINT is replaced by the one in line 5'],
  ],
  ['LegacyKeyValueFormat', 'FROM a:1\nENV A=1 B=2\nLABEL c d', ['3:7 LABEL c has no equals sign']],
  [
    'RedundantTargetPlatform',
    'FROM --platform=${TARGETPLATFORM} a:1',
    ['1:6 --platform=${TARGETPLATFORM} is what FROM does by itself'],
  ],
  ['RedundantTargetPlatform', 'FROM --platform=$BUILDPLATFORM a:1\nFROM --platform=linux/$TARGETARCH a:1', []],
  ['SecretsUsedInArgOrEnv', 'FROM a:1\nENV PUBLIC_KEY=1 KEYBOARD=2 TOKEN_FILE=3 PASSWORDS=4 KEY_VERSION=5', []],
  [
    'SecretsUsedInArgOrEnv',
    'FROM a:1\nARG db_password\nENV AWS_SECRET_ACCESS_KEY=x',
    [
      '2:5 db_password sounds like a secret, and ARG puts it into the image',
      '3:5 AWS_SECRET_ACCESS_KEY sounds like a secret, and ENV puts it into the image',
    ],
  ],
  ['InvalidDefaultArgInFrom', 'ARG I=busybox\nFROM $I', []],
  ['InvalidDefaultArgInFrom', 'FROM a:1 AS b-linux-amd64\nFROM b-${TARGETOS}-$BUILDARCH', []],
  ['InvalidDefaultArgInFrom', 'ARG I\nFROM $I', ['2:6 $I is empty by default']],
  [
    'FromPlatformFlagConstDisallowed',
    'FROM --platform=linux/amd64 a:1 AS build-amd64\nFROM --platform=$BUILDPLATFORM a:1',
    [],
  ],
  ['FromPlatformFlagConstDisallowed', 'FROM --platform=linux/arm64 a:1', ['1:6 the platform is always linux/arm64']],
  [
    'CopyIgnoredFile',
    '# .dockerignore: *.log tmp\nFROM a:1\nCOPY a.txt ./tmp/x /\nADD b.log .',
    ['3:12 ./tmp/x is hidden by tmp in .dockerignore, line 2', '4:5 b.log is hidden by *.log in .dockerignore, line 1'],
  ],
  ['CopyIgnoredFile', '# .dockerignore: *.log !a.log\nFROM a:1\nCOPY a.log b.log /', []],
  ['CopyIgnoredFile', '# .dockerignore: tmp\nFROM a:1\nCOPY --from=x tmp /\nCOPY . /', []],
  ['CopyIgnoredFile', '# .dockerignore: **\nFROM a:1\nCOPY . /', ['3:6 . is hidden by ** in .dockerignore, line 1']],
  ['InvalidDefinitionDescription', '# b is the base\nFROM a:1 AS b\n# why\n#\nARG X\n# Y is it\nARG Y', []],
  [
    'InvalidDefinitionDescription',
    '# base\nFROM a:1 AS b\n# about\nARG X',
    ['1:1 the comment does not begin with b', '3:1 the comment does not begin with X'],
  ],
  ['ExposeProtoCasing', 'FROM a:1\nEXPOSE 80/tcp 53/Udp', ['2:15 the protocol of 53/Udp has capital letters']],
  [
    'ExposeInvalidFormat',
    'FROM a:1\nEXPOSE 80 [::1]:81:82 83:84/udp',
    [
      '2:11 [::1]:81:82 says more than the port of the container',
      '2:23 83:84/udp says more than the port of the container',
    ],
  ],
  ['ExposeInvalidFormat', 'FROM a:1\nARG P=1:2\nEXPOSE $P', ['3:8 1:2 says more than the port of the container']],
];

describe("BuildKit's checks", () => {
  it.each(CASES)('%s in %j', (rule, text, expected) => {
    const found = findingsOf(text, rule).map(
      ({ message, range }) => `${range.start.line}:${range.start.column} ${message}`,
    );
    expect(found).toEqual(expected);
  });

  it('say which variable could have been meant', () => {
    expect(findingsOf('FROM a:1\nENV FILES=x\nCOPY $FILE .', 'UndefinedVar')[0]?.cure).toBe('did you mean $FILES?');
    expect(findingsOf('ARG TAG=1\nFROM a:$TAGS', 'UndefinedArgInFrom')[0]?.cure).toBe('did you mean $TAG?');
  });
});
