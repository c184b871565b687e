import { describe, expect, it } from 'vitest';
import { lintDockerfile } from '../../src/lint/lint.ts';
import { RULES } from '../../src/lint/rules/index.ts';
import { RULESETS, rulesOf } from '../../src/lint/rulesets.ts';

describe('rule sets', () => {
  // A version that was published is never changed: a new rule comes with a new version.
  it('2026.1 is what it was', () => {
    expect(Object.fromEntries(rulesOf('2026.1').map(({ id, severity }) => [id, severity]))).toMatchInlineSnapshot(`
      {
        "AddForLocalFiles": "info",
        "ApkCacheKept": "warning",
        "AptListsKept": "warning",
        "AptRecommends": "warning",
        "BrokenExecForm": "error",
        "BuildToolsInFinalStage": "warning",
        "ChangedLater": "warning",
        "ConsistentInstructionCasing": "warning",
        "CopyBeforeInstall": "info",
        "CopyIgnoredFile": "error",
        "DeletedLater": "warning",
        "DevDependenciesKept": "info",
        "DnfCacheKept": "warning",
        "DuplicateStageName": "error",
        "ExposeInvalidFormat": "warning",
        "ExposeProtoCasing": "warning",
        "FromAsCasing": "warning",
        "FromPlatformFlagConstDisallowed": "warning",
        "IgnoreComment": "error",
        "InvalidDefaultArgInFrom": "warning",
        "InvalidDefinitionDescription": "off",
        "JSONArgsRecommended": "warning",
        "LegacyKeyValueFormat": "warning",
        "MaintainerDeprecated": "warning",
        "MissingIgnoreFile": "warning",
        "MultipleInstructionsDisallowed": "warning",
        "NoEmptyContinuation": "warning",
        "NpmCacheKept": "warning",
        "PipCacheKept": "warning",
        "RedundantTargetPlatform": "warning",
        "ReservedStageName": "error",
        "RootUser": "warning",
        "SecretInCommand": "error",
        "SecretsUsedInArgOrEnv": "error",
        "ShellFormEntrypoint": "warning",
        "StageNameCasing": "warning",
        "UndefinedArgInFrom": "warning",
        "UndefinedVar": "warning",
        "UnpinnedBase": "warning",
        "WorkdirRelativePath": "warning",
      }
    `);
  });

  it('every rule belongs to one, and names are unique', () => {
    for (const { since } of RULES) expect(RULESETS).toContain(since);
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  });

  it('an unknown one is refused', () => {
    expect(() => lintDockerfile('FROM a', { ruleset: '2020.1' })).toThrow(
      expect.objectContaining({ code: 'E_USAGE', hint: expect.stringContaining('2026.1') as string }),
    );
  });
});
