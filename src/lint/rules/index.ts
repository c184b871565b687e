import type { Rule } from '../types.ts';
import { consistentInstructionCasing } from './buildkit/consistent-instruction-casing.ts';
import { copyIgnoredFile } from './buildkit/copy-ignored-file.ts';
import { duplicateStageName } from './buildkit/duplicate-stage-name.ts';
import { exposeInvalidFormat } from './buildkit/expose-invalid-format.ts';
import { exposeProtoCasing } from './buildkit/expose-proto-casing.ts';
import { fromAsCasing } from './buildkit/from-as-casing.ts';
import { fromPlatformFlagConstDisallowed } from './buildkit/from-platform-flag-const-disallowed.ts';
import { invalidDefaultArgInFrom } from './buildkit/invalid-default-arg-in-from.ts';
import { invalidDefinitionDescription } from './buildkit/invalid-definition-description.ts';
import { jsonArgsRecommended } from './buildkit/json-args-recommended.ts';
import { legacyKeyValueFormat } from './buildkit/legacy-key-value-format.ts';
import { maintainerDeprecated } from './buildkit/maintainer-deprecated.ts';
import { multipleInstructionsDisallowed } from './buildkit/multiple-instructions-disallowed.ts';
import { noEmptyContinuation } from './buildkit/no-empty-continuation.ts';
import { redundantTargetPlatform } from './buildkit/redundant-target-platform.ts';
import { reservedStageName } from './buildkit/reserved-stage-name.ts';
import { secretsUsedInArgOrEnv } from './buildkit/secrets-used-in-arg-or-env.ts';
import { stageNameCasing } from './buildkit/stage-name-casing.ts';
import { undefinedArgInFrom } from './buildkit/undefined-arg-in-from.ts';
import { undefinedVar } from './buildkit/undefined-var.ts';
import { workdirRelativePath } from './buildkit/workdir-relative-path.ts';
import { addForLocalFiles } from './size/add-for-local-files.ts';
import { apkCacheKept } from './size/apk-cache-kept.ts';
import { aptListsKept } from './size/apt-lists-kept.ts';
import { aptRecommends } from './size/apt-recommends.ts';
import { buildToolsInFinalStage } from './size/build-tools-in-final-stage.ts';
import { changedLater } from './size/changed-later.ts';
import { copyBeforeInstall } from './size/copy-before-install.ts';
import { deletedLater } from './size/deleted-later.ts';
import { devDependenciesKept } from './size/dev-dependencies-kept.ts';
import { dnfCacheKept } from './size/dnf-cache-kept.ts';
import { missingIgnoreFile } from './size/missing-ignore-file.ts';
import { npmCacheKept } from './size/npm-cache-kept.ts';
import { pipCacheKept } from './size/pip-cache-kept.ts';
import { rootUser } from './size/root-user.ts';
import { shellFormEntrypoint } from './size/shell-form-entrypoint.ts';
import { unpinnedBase } from './size/unpinned-base.ts';
import { brokenExecForm } from './tare/broken-exec-form.ts';
import { ignoreComment } from './tare/ignore-comment.ts';
import { secretInCommand } from './tare/secret-in-command.ts';

/** Every rule, one line each. Where two would mend the same place, the first of them does, and the other one looks again. */
export const RULES: readonly Rule[] = [
  noEmptyContinuation,
  stageNameCasing,
  fromAsCasing,
  consistentInstructionCasing,
  duplicateStageName,
  reservedStageName,
  jsonArgsRecommended,
  maintainerDeprecated,
  undefinedArgInFrom,
  workdirRelativePath,
  undefinedVar,
  multipleInstructionsDisallowed,
  legacyKeyValueFormat,
  redundantTargetPlatform,
  secretsUsedInArgOrEnv,
  invalidDefaultArgInFrom,
  fromPlatformFlagConstDisallowed,
  copyIgnoredFile,
  invalidDefinitionDescription,
  exposeProtoCasing,
  exposeInvalidFormat,
  deletedLater,
  changedLater,
  aptListsKept,
  aptRecommends,
  pipCacheKept,
  npmCacheKept,
  apkCacheKept,
  dnfCacheKept,
  buildToolsInFinalStage,
  devDependenciesKept,
  addForLocalFiles,
  copyBeforeInstall,
  missingIgnoreFile,
  rootUser,
  shellFormEntrypoint,
  unpinnedBase,
  brokenExecForm,
  secretInCommand,
  ignoreComment,
];

export const RULE_IDS: ReadonlySet<string> = new Set(RULES.map(({ id }) => id));
