/** The Atlassian Document Format as Markdown. Nodes that Markdown lacks (panels, mentions, cards …) become the nearest that it has. */
import type {
  BlockContent,
  DefinitionContent,
  ListItem,
  PhrasingContent,
  RootContent,
  TableCell,
  TableRow,
} from 'mdast';
import type { AdfNode } from './adf.ts';
import { writeMarkdown } from './markdown.ts';

/** @param document A document as Jira gives it: null, undefined and what is no document give the empty text. */
export function adfToMarkdown(document: unknown): string {
  if (!isNode(document)) return '';
  return writeMarkdown({ type: 'root', children: blocks(children(document), 0) });
}

/** Deeper than any editor nests; what is beyond is left out. Bounds the recursion on what a server sends. */
const maxDepth = 60;

type Block = BlockContent | DefinitionContent;

function blocks(nodes: readonly AdfNode[], depth: number): Block[] {
  if (depth > maxDepth) return [];
  return groupInline(nodes).flatMap((node) => block(node, depth + 1));
}

/** Some places hold text without a paragraph around it (a task, a decision, a caption). */
function groupInline(nodes: readonly AdfNode[]): AdfNode[] {
  const grouped: AdfNode[] = [];
  for (const node of nodes) {
    const last = grouped.at(-1);
    if (!inlineTypes.has(node.type)) grouped.push(node);
    else if (last?.type === 'loose')
      grouped[grouped.length - 1] = { ...last, content: [...(last.content ?? []), node] };
    else grouped.push({ type: 'loose', content: [node] });
  }
  return grouped;
}
const inlineTypes = new Set([
  'text',
  'hardBreak',
  'mention',
  'emoji',
  'inlineCard',
  'date',
  'status',
  'placeholder',
  'inlineExtension',
  'mediaInline',
]);

function block(node: AdfNode, depth: number): Block[] {
  switch (node.type) {
    case 'paragraph':
    case 'loose':
    case 'caption': {
      const content = inline(children(node));
      return content.length === 0 ? [] : [{ type: 'paragraph', children: content }];
    }
    case 'heading':
      return [{ type: 'heading', depth: levelOf(node), children: inline(children(node)) }];
    case 'bulletList':
    case 'decisionList':
      return [
        { type: 'list', ordered: false, spread: false, children: children(node).map((item) => listItem(item, depth)) },
      ];
    case 'orderedList': {
      const order = node.attrs?.['order'];
      const start = typeof order === 'number' && Number.isInteger(order) && order >= 0 && order < 1e9 ? order : 1;
      return [
        {
          type: 'list',
          ordered: true,
          start,
          spread: false,
          children: children(node).map((item) => listItem(item, depth)),
        },
      ];
    }
    case 'taskList':
      return [
        { type: 'list', ordered: false, spread: false, children: children(node).map((item) => task(item, depth)) },
      ];
    case 'blockquote':
    case 'panel':
      return [{ type: 'blockquote', children: blocks(children(node), depth) }];
    case 'codeBlock': {
      const language = node.attrs?.['language'];
      const value = children(node)
        .map(({ text }) => text ?? '')
        .join('');
      return [{ type: 'code', lang: typeof language === 'string' && language !== '' ? language : null, value }];
    }
    case 'rule':
      return [{ type: 'thematicBreak' }];
    case 'table':
      return [{ type: 'table', children: children(node).map((row) => tableRow(row, depth)) }];
    case 'expand':
    case 'nestedExpand': {
      const title = textAttr(node, 'title');
      const head: Block[] =
        title === ''
          ? []
          : [{ type: 'paragraph', children: [{ type: 'strong', children: [{ type: 'text', value: title }] }] }];
      return [...head, ...blocks(children(node), depth)];
    }
    case 'media': {
      const name = textAttr(node, 'alt') || 'attachment';
      const url = textAttr(node, 'url');
      const value: PhrasingContent =
        url === ''
          ? { type: 'text', value: `[${name}]` }
          : { type: 'link', url, children: [{ type: 'text', value: name }] };
      return [{ type: 'paragraph', children: [value] }];
    }
    case 'blockCard':
    case 'embedCard':
      return [{ type: 'paragraph', children: card(node) }];
    default:
      return blocks(children(node), depth);
  }
}

function listItem(node: AdfNode, depth: number): ListItem {
  return { type: 'listItem', spread: false, children: blocks(children(node), depth) };
}

function task(node: AdfNode, depth: number): ListItem {
  // Lists of tasks nest as neighbours of their items.
  if (node.type === 'taskList') return { type: 'listItem', spread: false, children: block(node, depth + 1) };
  return {
    type: 'listItem',
    spread: false,
    checked: node.attrs?.['state'] === 'DONE',
    children: blocks(children(node), depth),
  };
}

function tableRow(node: AdfNode, depth: number): TableRow {
  return { type: 'tableRow', children: children(node).map((cell) => tableCell(cell, depth)) };
}

/** A cell of Markdown is one line: its blocks stand one after the other. */
function tableCell(node: AdfNode, depth: number): TableCell {
  const parts = blocks(children(node), depth).map((content): PhrasingContent[] =>
    content.type === 'paragraph' || content.type === 'heading'
      ? content.children.map((child) => (child.type === 'break' ? { type: 'text', value: ' ' } : child))
      : [{ type: 'text', value: writeMarkdown(content as RootContent).replaceAll(/\s*\n\s*/g, ' ') }],
  );
  const space: PhrasingContent = { type: 'text', value: ' ' };
  return { type: 'tableCell', children: parts.flatMap((part, at) => (at === 0 ? part : [space, ...part])) };
}

/** Outermost first; code goes innermost, since nothing can stand within it. */
const wrapping = ['link', 'strong', 'em', 'strike'] as const;

function inline(nodes: readonly AdfNode[], outer = 0): PhrasingContent[] {
  const type = wrapping[outer];
  if (type === undefined) return nodes.flatMap((node) => phrase(node));
  // Neighbours that bear the same mark share it, so that a link with one bold word stays one link.
  const made: PhrasingContent[] = [];
  for (let at = 0; at < nodes.length; ) {
    const mark = markOf(nodes[at], type);
    let end = at + 1;
    while (end < nodes.length && markOf(nodes[end], type) === mark) end += 1;
    const within = inline(nodes.slice(at, end), outer + 1);
    made.push(...(mark === undefined || within.length === 0 ? within : [wrap(type, mark, within)]));
    at = end;
  }
  return made;
}

/** What tells one mark from another: the address of a link; undefined where there is none. */
function markOf(node: AdfNode | undefined, type: string): string | undefined {
  if (node?.type !== 'text') return undefined;
  const mark = Array.isArray(node.marks)
    ? node.marks.filter(isNode).find((candidate) => candidate.type === type)
    : undefined;
  if (mark === undefined || type !== 'link') return mark === undefined ? undefined : '';
  const href = mark.attrs?.['href'];
  return typeof href === 'string' && href !== '' ? href : undefined;
}

function wrap(type: (typeof wrapping)[number], mark: string, children: PhrasingContent[]): PhrasingContent {
  switch (type) {
    case 'link':
      return { type: 'link', url: mark, children };
    case 'strong':
      return { type: 'strong', children };
    case 'em':
      return { type: 'emphasis', children };
    case 'strike':
      return { type: 'delete', children };
  }
}

function phrase(node: AdfNode): PhrasingContent[] {
  switch (node.type) {
    case 'text':
      return typeof node.text === 'string' && node.text !== '' ? [textOf(node.text, node)] : [];
    case 'hardBreak':
      return [{ type: 'break' }];
    case 'mention':
      return [{ type: 'text', value: textAttr(node, 'text') || `@${textAttr(node, 'id')}` }];
    case 'emoji':
      return [{ type: 'text', value: textAttr(node, 'text') || textAttr(node, 'shortName') }];
    case 'status':
      return [{ type: 'text', value: textAttr(node, 'text') }];
    case 'date': {
      const at = new Date(Number(textAttr(node, 'timestamp')));
      return Number.isNaN(at.getTime()) ? [] : [{ type: 'text', value: at.toISOString().slice(0, 10) }];
    }
    case 'inlineCard':
      return card(node);
    default:
      return inline(children(node));
  }
}

function textOf(value: string, node: AdfNode): PhrasingContent {
  const isCode = Array.isArray(node.marks) && node.marks.some((mark) => isNode(mark) && mark.type === 'code');
  return { type: isCode ? 'inlineCode' : 'text', value };
}

function card(node: AdfNode): PhrasingContent[] {
  const url = textAttr(node, 'url');
  return url === '' ? [] : [{ type: 'link', url, children: [{ type: 'text', value: url }] }];
}

function levelOf(node: AdfNode): 1 | 2 | 3 | 4 | 5 | 6 {
  const level = node.attrs?.['level'];
  return level === 2 || level === 3 || level === 4 || level === 5 || level === 6 ? level : 1;
}

function textAttr(node: AdfNode, name: string): string {
  const value = node.attrs?.[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function children(node: AdfNode): readonly AdfNode[] {
  return Array.isArray(node.content) ? node.content.filter(isNode) : [];
}

function isNode(value: unknown): value is AdfNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}
