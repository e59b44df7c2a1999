/** Applies every rule to one file, and honours the escapes written in it. */
import { behaviourRules } from './behaviour.ts';
import { importRules } from './imports.ts';
import { machinePathRule } from './machine-paths.ts';
import type { Finding, SourceRule, TextRule } from './rule.ts';
import { sizeAndNameRules } from './size-and-name.ts';
import { parseSourceFile } from './source-file.ts';
import { testRules } from './tests.ts';

export const sourceRules: readonly SourceRule[] = [
  ...sizeAndNameRules,
  ...importRules,
  ...behaviourRules,
  ...testRules,
];
export const textRules: readonly TextRule[] = [machinePathRule];

const ruleNames = new Set([...sourceRules, ...textRules].map(({ name }) => name));
const escapePattern = /(?:\/\/|\/\*|#|<!--)\s*rule-ok:\s*([\w-]+)\s*(.*?)\s*(?:\*\/|-->)?$/;
const shortestReason = 10;

interface Escape {
  readonly line: number;
  readonly rule: string;
  readonly reason: string;
}

/**
 * Everything wrong with one file.
 *
 * `// rule-ok: <rule> <reason>` on the line, or on the line above, lets one breach pass; max-lines, telling-name and
 * no-inner-index are about the whole file, so their escape stands on its first line. An escape without a reason, for an
 * unknown rule, or that nothing needs any more is itself a finding.
 */
export function checkSource(path: string, text: string): Finding[] {
  const lines = text.split('\n');
  const found: Finding[] = [];
  const add = (rule: SourceRule | TextRule, line: number, detail: string) =>
    found.push({ path, line, rule: rule.name, message: `${detail} ${rule.wayOut}` });

  for (const rule of textRules) {
    if (rule.appliesTo(path)) rule.check(path, lines, (line, detail) => add(rule, line, detail));
  }
  if (/[.]tsx?$/.test(path)) {
    const file = parseSourceFile(path, text);
    for (const rule of sourceRules) {
      if (!rule.appliesTo(path)) continue;
      rule.check(file, (at, detail) => add(rule, typeof at === 'number' ? at : file.lineOf(at), detail));
    }
  }
  return withEscapes(path, found, escapesIn(lines));
}

function escapesIn(lines: readonly string[]): Escape[] {
  return lines.flatMap((line, index) => {
    const match = escapePattern.exec(line);
    return match ? [{ line: index + 1, rule: match[1] ?? '', reason: match[2] ?? '' }] : [];
  });
}

function withEscapes(path: string, found: readonly Finding[], escapes: readonly Escape[]): Finding[] {
  const covers = (pass: Escape, { line, rule }: Finding) =>
    pass.rule === rule && (line === pass.line || line === pass.line + 1);
  const remaining = found.filter((finding) => !escapes.some((pass) => covers(pass, finding)));
  const escapeFindings = escapes.flatMap((pass): Finding[] => {
    const say = (message: string) => [{ path, line: pass.line, rule: 'rule-ok', message }];
    if (!ruleNames.has(pass.rule)) return say(`"${pass.rule}" is no rule. Rules: ${[...ruleNames].join(', ')}.`);
    if (pass.reason.length < shortestReason) return say(`Say why ${pass.rule} may be broken here.`);
    if (!found.some((finding) => covers(pass, finding))) return say(`${pass.rule} is not broken here; remove this.`);
    return [];
  });
  return [...remaining, ...escapeFindings].sort((a, b) => a.line - b.line);
}
