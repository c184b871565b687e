/** Whether a module's name says that it is part of a test suite. */
export function isTest(name: string): boolean {
  return /(?:^|\.)(?:tests?|testing|conftest|_test|idle_test|test_\w+)(?:\.|$)/.test(name);
}
