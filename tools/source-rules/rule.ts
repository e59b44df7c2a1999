import type { SourceFile, SyntaxNode } from './source-file.ts';

/** Where a rule was broken. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/** Reports a breach at a node or line; `detail` is put before the rule's own way out. */
export type Report = (at: SyntaxNode | number, detail: string) => void;

/** A rule over TypeScript files. */
export interface SourceRule {
  readonly name: string;
  /** What to do instead; the end of every message. */
  readonly wayOut: string;
  appliesTo(path: string): boolean;
  check(file: SourceFile, report: Report): void;
}

/** A rule over the lines of any text file: code, documentation, scripts. */
export interface TextRule {
  readonly name: string;
  readonly wayOut: string;
  appliesTo(path: string): boolean;
  check(path: string, lines: readonly string[], report: (line: number, detail: string) => void): void;
}

/** Tests, and the test rigs of rooms and connectors. */
const test =
  /[.](?:test|e2e|bench)[.]tsx?$|^connectors\/src\/(?:_families\/)?[^/]+\/(?:testing|counterpart)[.]ts$|^apps\/hub\/src\/(?:[^/]+\/testing[.]ts$|e2e\/)|^apps\/cli\/src\/testing\//;
const shipped = /^(?:packages\/[^/]+|connectors|apps\/[^/]+)\/src\//;
const testKit = /^packages\/(?:testing|connector-sdk\/src\/testing)\//;

export const isTest = (path: string): boolean => test.test(path);

/** Code that reaches users: not tests, not the test kits, not tools. */
export const isShipped = (path: string): boolean => shipped.test(path) && !isTest(path) && !testKit.test(path);
