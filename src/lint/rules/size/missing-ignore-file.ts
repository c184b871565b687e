import type { Rule } from '../../types.ts';

export const missingIgnoreFile: Rule = {
  id: 'MissingIgnoreFile',
  origin: 'size',
  since: '2026.1',
  severity: 'warning',
  title: 'There is an ignore file where whole folders are copied',
  why: 'Without .dockerignore, COPY of a folder takes everything along: .git, node_modules, build results, and files with secrets.',
  cure: 'write a .dockerignore that names what the image does not need: `.git`, `node_modules`, `dist`, `.env`',
  example: {
    bad: 'FROM node:20-slim\nCOPY . /app',
    good: '# .dockerignore: .git node_modules .env\nFROM node:20-slim\nCOPY . /app',
  },
  fixable: false,
  *check({ stages }, { context }) {
    if (context === undefined || context.ignore !== undefined) return;
    for (const { instructions } of stages) {
      for (const node of instructions) {
        if ((node.kind !== 'COPY' && node.kind !== 'ADD') || (node.kind === 'COPY' && node.from !== undefined))
          continue;
        const folder = node.sources.find(({ value }) => context.kinds.get(value) === 'directory');
        if (folder === undefined) continue;
        yield { message: `${folder.value} is copied whole, and there is no .dockerignore`, range: folder.range };
        return;
      }
    }
  },
};
