import { isTest, type SourceRule } from './rule.ts';
import { argumentsOf, isNode, memberOf, type SyntaxNode } from './source-file.ts';

const suites = new Set(['describe', 'it', 'test', 'suite', 'bench']);
const refused = new Set(['only', 'skip', 'todo']);
const literals = new Set(['BooleanLiteral', 'NumericLiteral', 'StringLiteral', 'NullLiteral']);

/** The name at the left end of it.each.only, test.concurrent.skip … */
function rootName(node: SyntaxNode): string | undefined {
  const member = memberOf(node);
  if (member) return rootName(member.object);
  return node.type === 'Identifier' ? String(node['value']) : undefined;
}

export const testRules: readonly SourceRule[] = [
  {
    name: 'no-skipped-tests',
    wayOut: 'Every test runs, always; where a real server is missing, describe.skipIf says so (and fails in CI).',
    appliesTo: isTest,
    check(file, report) {
      file.walk((node) => {
        const member = memberOf(node);
        if (member && refused.has(member.property) && suites.has(rootName(member.object) ?? '')) {
          report(node, `${rootName(member.object)}.${member.property}.`);
        }
      });
    },
  },
  {
    name: 'no-empty-assertion',
    wayOut: 'Assert what the code under test returned or did.',
    appliesTo: isTest,
    check(file, report) {
      file.walk((node) => {
        if (node.type !== 'CallExpression' || !isNode(node['callee'])) return;
        if (node['callee'].type !== 'Identifier' || node['callee']['value'] !== 'expect') return;
        const subject = argumentsOf(node)[0];
        if (subject && literals.has(subject.type)) report(node, 'expect() of a literal cannot fail.');
      });
    },
  },
];
