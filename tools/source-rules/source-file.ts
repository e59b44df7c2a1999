import { type Module, parseSync } from '@swc/core';

/** A node of SWC's syntax tree, as far as the rules look at it. */
export interface SyntaxNode {
  readonly type: string;
  readonly span?: { readonly start: number; readonly end: number };
  readonly [field: string]: unknown;
}

/** SWC marks a name that no declaration in the file binds with this context: a global. */
const globalContext = 1;

/** One TypeScript file, read once and walked by every rule. */
export interface SourceFile {
  /** Path from the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Every node, outermost first, with the chain of its ancestors (nearest last). */
  walk(visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void): void;
  /** 1-based line of a node. */
  lineOf(node: SyntaxNode): number;
}

/** @throws an Error naming the file when it is not TypeScript. */
export function parseSourceFile(path: string, text: string): SourceFile {
  let module: Module;
  try {
    module = parseSync(text, { syntax: 'typescript', tsx: path.endsWith('x'), decorators: true, target: 'es2022' });
  } catch (error) {
    throw new Error(`${path} does not parse: ${error instanceof Error ? error.message : String(error)}`);
  }
  const bytes = Buffer.from(text);
  return {
    path,
    text,
    lines: text.split('\n'),
    walk: (visit) => visitNode(module as unknown as SyntaxNode, [], visit),
    // SWC counts bytes, from 1.
    lineOf: ({ span }) =>
      span
        ? bytes
            .subarray(0, span.start - 1)
            .toString()
            .split('\n').length
        : 1,
  };
}

function visitNode(
  node: SyntaxNode,
  ancestors: readonly SyntaxNode[],
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void,
): void {
  visit(node, ancestors);
  const below = [...ancestors, node];
  for (const value of Object.values(node)) visitValue(value, below, visit);
}

function visitValue(value: unknown, ancestors: readonly SyntaxNode[], visit: Parameters<typeof visitNode>[2]): void {
  if (Array.isArray(value)) {
    for (const item of value) visitValue(item, ancestors, visit);
  } else if (isNode(value)) {
    visitNode(value, ancestors, visit);
  } else if (typeof value === 'object' && value !== null) {
    // Wrappers without a type of their own, such as one call argument.
    for (const item of Object.values(value)) visitValue(item, ancestors, visit);
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** Is this a name, used as a value, that the file itself does not declare? */
export function isGlobal(node: unknown, name: string): node is SyntaxNode {
  return isNode(node) && node.type === 'Identifier' && node['value'] === name && node['ctxt'] === globalContext;
}

/** `object.property`, with the property's name, or undefined for anything else. */
export function memberOf(node: unknown): { object: SyntaxNode; property: string } | undefined {
  if (!isNode(node) || node.type !== 'MemberExpression' || !isNode(node['object'])) return undefined;
  const property = node['property'];
  if (!isNode(property)) return undefined;
  const key = property.type === 'Computed' && isNode(property['expression']) ? property['expression'] : property;
  return typeof key['value'] === 'string' ? { object: node['object'], property: key['value'] } : undefined;
}

export function argumentsOf(node: SyntaxNode): readonly SyntaxNode[] {
  const list = node['arguments'];
  if (!Array.isArray(list)) return [];
  return list.map((argument: { expression: SyntaxNode }) => argument.expression);
}

/** The quoted path of an import, export-from, dynamic import or import type. */
export function specifierOf(node: SyntaxNode): string | undefined {
  const quoted = (value: unknown) => (isNode(value) && typeof value['value'] === 'string' ? value['value'] : undefined);
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return quoted(node['source']);
    case 'TsImportType':
      return quoted(node['argument']);
    case 'CallExpression':
      return isNode(node['callee']) && node['callee'].type === 'Import' ? quoted(argumentsOf(node)[0]) : undefined;
    default:
      return undefined;
  }
}
