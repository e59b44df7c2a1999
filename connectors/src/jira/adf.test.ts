import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdfNode } from './adf.ts';
import { adfToMarkdown } from './adf-to-markdown.ts';
import { markdownToAdf } from './markdown-to-adf.ts';

const roundTrip = (markdown: string) => adfToMarkdown(markdownToAdf(markdown));

/** What each node may hold, after developer.atlassian.com/cloud/jira/platform/apis/document/nodes. */
const inlineNodes = ['text', 'hardBreak'];
const holds: Readonly<Record<string, readonly string[]>> = {
  doc: ['paragraph', 'heading', 'bulletList', 'orderedList', 'taskList', 'blockquote', 'codeBlock', 'rule', 'table'],
  paragraph: inlineNodes,
  heading: inlineNodes,
  taskItem: inlineNodes,
  bulletList: ['listItem'],
  orderedList: ['listItem'],
  taskList: ['taskItem'],
  listItem: ['paragraph', 'bulletList', 'orderedList', 'codeBlock'],
  blockquote: ['paragraph', 'bulletList', 'orderedList', 'codeBlock'],
  codeBlock: ['text'],
  table: ['tableRow'],
  tableRow: ['tableHeader', 'tableCell'],
  tableHeader: ['paragraph'],
  tableCell: ['paragraph'],
  rule: [],
  hardBreak: [],
  text: [],
};
function faultsOf(node: AdfNode): string[] {
  const marks = (node.marks ?? []).map(({ type }) => type);
  return [
    ...(node.type === 'text' && !node.text ? ['empty text'] : []),
    ...(marks.includes('code') && marks.some((mark) => mark !== 'code' && mark !== 'link')
      ? ['code with another mark']
      : []),
    ...(new Set(marks).size === marks.length ? [] : ['a mark twice']),
    ...(['bulletList', 'orderedList', 'listItem', 'blockquote', 'table', 'tableRow', 'tableCell'].includes(node.type) &&
    !node.content?.length
      ? [`empty ${node.type}`]
      : []),
    ...(node.type === 'listItem' && !['paragraph', 'codeBlock'].includes(node.content?.[0]?.type ?? '')
      ? ['an item that begins with a list']
      : []),
    ...(node.content ?? []).flatMap((child) => [
      ...(holds[node.type]?.includes(child.type) ? [] : [`${child.type} in ${node.type}`]),
      ...faultsOf(child),
    ]),
  ];
}

describe('Markdown and ADF', () => {
  it.each([
    ['a paragraph', 'One line.'],
    ['marks', '**bold**, *italic*, ~~gone~~, `code` and **_both_**'],
    ['a link', 'See [the *docs*](https://example.com/a?b=1) now'],
    ['a code link', '[`code`](https://example.com)'],
    ['headings', '# One\n\n###### Six'],
    ['lists', '- one\n- two\n  - nested\n  - again\n- three'],
    ['an ordered list', '3. three\n4. four'],
    ['tasks', '- [ ] open\n- [x] done'],
    ['a quote', '> said\n>\n> twice'],
    ['code', '```ts\nconst a = "<b>";\n\n  a;\n```'],
    ['code with fences', '````md\n```\nx\n```\n````'],
    ['a rule', 'a\n\n---\n\nb'],
    ['a table', '| a | b |\n| - | - |\n| 1 | **2** |'],
    ['a hard break', 'one\\\ntwo'],
    ['escapes', '1\\. not a list, \\*not bold\\*, \\[not a link]'],
    ['unicode', 'grüß 日本 👩‍👩‍👧'],
    ['nothing', ''],
  ])('%s comes back as it went', (_name, markdown) => {
    expect(roundTrip(markdown)).toBe(markdown);
  });

  it.each([
    ['a soft break becomes a space', 'one\ntwo', 'one two'],
    ['stars as bullets', '* one\n* two', '- one\n- two'],
    ['an image becomes a link', '![alt](https://example.com/x.png)', '[alt](https://example.com/x.png)'],
    ['a reference is resolved', '[a][b]\n\n[b]: https://example.com', '[a](https://example.com)'],
  ])('%s', (_name, markdown, back) => {
    expect(roundTrip(markdown)).toBe(back);
  });

  it('reads what only Jira has as the nearest that Markdown has', () => {
    const text = (value: string) => ({ type: 'text', text: value });
    const document = {
      type: 'doc',
      version: 1,
      content: [
        { type: 'panel', attrs: { panelType: 'info' }, content: [{ type: 'paragraph', content: [text('Note')] }] },
        {
          type: 'paragraph',
          content: [
            { type: 'mention', attrs: { id: '5b10', text: '@Ada' } },
            text(' '),
            { type: 'emoji', attrs: { shortName: ':tada:', text: '🎉' } },
            text(' '),
            { type: 'status', attrs: { text: 'DONE', color: 'green' } },
            text(' '),
            { type: 'date', attrs: { timestamp: '1700000000000' } },
            text(' '),
            { type: 'inlineCard', attrs: { url: 'https://example.com/x' } },
            { type: 'text', text: 'u', marks: [{ type: 'underline' }] },
          ],
        },
        { type: 'expand', attrs: { title: 'More' }, content: [{ type: 'paragraph', content: [text('inside')] }] },
        { type: 'mediaSingle', content: [{ type: 'media', attrs: { id: '1', type: 'file', alt: 'a.png' } }] },
        { type: 'inventedNode', content: [{ type: 'paragraph', content: [text('kept')] }] },
      ],
    };

    expect(adfToMarkdown(document).split('\n\n')).toEqual([
      '> Note',
      '@Ada 🎉 DONE 2023-11-14 [https://example.com/x](https://example.com/x)u',
      '**More**',
      'inside',
      '\\[a.png]',
      'kept',
    ]);
  });

  it('gives documents that ADF allows, whatever the Markdown', () => {
    const piece = fc.constantFrom(
      '# ',
      '- ',
      '1. ',
      '> ',
      '- [x] ',
      '```\n',
      '    ',
      '|a|b|\n|-|-|\n',
      '**',
      '_',
      '`',
      '~~',
      '[a](',
      ')',
      '<b>',
      '---\n',
      '\n',
      '\n\n',
      'word',
      ' ',
      '\\',
      '![x](y)',
      '[^1]',
      '[^1]: note\n',
      '[r]: u\n',
      '[r]',
    );
    const markdown = fc.oneof(
      fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.string({ maxLength: 200, unit: 'binary' }),
    );
    fc.assert(
      fc.property(markdown, (text) => {
        expect(faultsOf(markdownToAdf(text)), text).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('changes nothing more once it has been through', () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9äß日*_`[\]()#<>&!|~.:\\+-]{1,12}$/);
    const inline = fc.oneof(
      word.map((text) => ({ type: 'text', text })),
      word.map((text) => ({ type: 'text', text: `${text} and more` })),
      fc
        .tuple(word, fc.constantFrom('strong', 'em', 'strike', 'code'))
        .map(([text, mark]) => ({ type: 'text', text, marks: [{ type: mark }] })),
    );
    const paragraph = fc.array(inline, { minLength: 1, maxLength: 3 }).map((parts) => ({
      type: 'paragraph',
      content: parts.flatMap((part) => [part, { type: 'text', text: ' ' }]).slice(0, -1),
    }));
    const block = fc.oneof(
      paragraph,
      paragraph.map(({ content }) => ({ type: 'heading', attrs: { level: 2 }, content })),
      fc.array(paragraph, { minLength: 1, maxLength: 3 }).map((items) => ({
        type: 'bulletList',
        content: items.map((item) => ({ type: 'listItem', content: [item] })),
      })),
      fc.array(paragraph, { minLength: 1, maxLength: 2 }).map((content) => ({ type: 'blockquote', content })),
      word.map((text) => ({ type: 'codeBlock', attrs: { language: 'sh' }, content: [{ type: 'text', text }] })),
    );
    fc.assert(
      fc.property(fc.array(block, { maxLength: 5 }), (content) => {
        const once = adfToMarkdown({ type: 'doc', version: 1, content });
        expect(roundTrip(once)).toBe(once);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps every word of plain text', () => {
    const text = fc
      .array(fc.stringMatching(/^[^\s\p{C}\p{Z}]{1,10}$/u), { minLength: 1, maxLength: 6 })
      .map((words) => words.join(' '));
    fc.assert(
      fc.property(text, (value) => {
        const markdown = adfToMarkdown({
          type: 'doc',
          version: 1,
          content: [{ type: 'paragraph', content: [{ type: 'text', text: value }] }],
        });
        const [paragraph] = markdownToAdf(markdown).content;
        expect(paragraph?.content?.map((node) => node.text).join('')).toBe(value);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [null],
    [undefined],
    ['text'],
    [{}],
    [{ type: 'doc' }],
    [{ type: 'doc', content: 'x' }],
    [{ type: 'doc', content: [null, 1, { type: 5 }] }],
  ])('reads %j as nothing', (document) => {
    expect(adfToMarkdown(document)).toBe('');
  });

  it('survives absurd depth in both directions', () => {
    let node: AdfNode = { type: 'paragraph', content: [{ type: 'text', text: 'deep' }] };
    for (let at = 0; at < 3000; at += 1) node = { type: 'blockquote', content: [node] };
    expect(() => adfToMarkdown({ type: 'doc', version: 1, content: [node] })).not.toThrow();
    expect(faultsOf(markdownToAdf(`${'> '.repeat(300)}x`))).toEqual([]);
    expect(faultsOf(markdownToAdf(Array.from({ length: 100 }, (_, at) => `${'  '.repeat(at)}- x`).join('\n')))).toEqual(
      [],
    );
  });
});
