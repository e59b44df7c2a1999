/** Markdown as the Atlassian Document Format. What a place of ADF cannot hold becomes a paragraph with its Markdown text, so nothing is lost. */
import type { Definition, List, Nodes, Parents, PhrasingContent, Root, RootContent, Table } from 'mdast';
import type { AdfDocument, AdfMark, AdfNode } from './adf.ts';
import { parseMarkdown, writeMarkdown } from './markdown.ts';

export function markdownToAdf(markdown: string): AdfDocument {
  const tree = parseMarkdown(markdown);
  const writer = new Writer(tree);
  return { type: 'doc', version: 1, content: writer.blocks(tree.children, 'doc') };
}

/** Which blocks a place may hold (…/document/nodes/listItem, …/blockquote, …/table_cell). */
type Place = 'doc' | 'listItem' | 'blockquote' | 'cell';
const allowed: Readonly<Record<Place, ReadonlySet<string>>> = {
  doc: new Set(['paragraph', 'heading', 'list', 'blockquote', 'code', 'thematicBreak', 'table', 'html']),
  cell: new Set(['paragraph', 'heading', 'list', 'blockquote', 'code', 'thematicBreak', 'html']),
  listItem: new Set(['paragraph', 'list', 'code', 'html']),
  blockquote: new Set(['paragraph', 'list', 'code', 'html']),
};

/** Deeper than anybody nests; beyond, the text stays Markdown. Bounds the recursion. */
const maxDepth = 40;

/** One conversion: it knows the link definitions of its document and numbers the tasks, whose ids must differ. */
class Writer {
  readonly #definitions: ReadonlyMap<string, Definition>;
  #tasks = 0;
  #depth = 0;

  constructor(tree: Root) {
    const found = tree.children.filter((node): node is Definition => node.type === 'definition');
    this.#definitions = new Map(found.toReversed().map((node) => [node.identifier, node]));
  }

  blocks(nodes: readonly RootContent[], place: Place): AdfNode[] {
    return nodes.flatMap((node) => this.#block(node, place));
  }

  #block(node: RootContent, place: Place): AdfNode[] {
    if (node.type === 'definition') return [];
    if (!allowed[place].has(node.type) || this.#depth >= maxDepth) return this.#asText(node);
    this.#depth += 1;
    try {
      return this.#known(node, place);
    } finally {
      this.#depth -= 1;
    }
  }

  #known(node: RootContent, place: Place): AdfNode[] {
    switch (node.type) {
      case 'paragraph': {
        const content = this.#inline(node.children, []);
        return content.length === 0 ? [] : [{ type: 'paragraph', content }];
      }
      case 'heading':
        return [{ type: 'heading', attrs: { level: node.depth }, content: this.#inline(node.children, []) }];
      case 'list':
        return this.#list(node, place);
      case 'blockquote': {
        const content = this.blocks(node.children, 'blockquote');
        return [{ type: 'blockquote', content: content.length === 0 ? [emptyParagraph] : content }];
      }
      case 'code':
        return [
          {
            type: 'codeBlock',
            ...(node.lang ? { attrs: { language: node.lang } } : {}),
            ...(node.value === '' ? {} : { content: [{ type: 'text', text: node.value }] }),
          },
        ];
      case 'thematicBreak':
        return [{ type: 'rule' }];
      case 'table':
        return [this.#table(node)];
      case 'html':
        return [paragraphOf(node.value)];
      default:
        return this.#asText(node);
    }
  }

  #list(node: List, place: Place): AdfNode[] {
    const items = node.children;
    const isTasks = items.every(
      ({ checked, children }) =>
        typeof checked === 'boolean' && children.length === 1 && children[0]?.type === 'paragraph',
    );
    // A list of tasks may stand in a document, not within an item.
    if (isTasks && place === 'doc') {
      this.#tasks += 1;
      const content = items.map(({ checked, children }) => {
        this.#tasks += 1;
        const attrs = { localId: `task-${this.#tasks}`, state: checked === true ? 'DONE' : 'TODO' };
        return {
          type: 'taskItem',
          attrs,
          content: this.#inline((children[0] as Parents).children as PhrasingContent[], []),
        };
      });
      return [{ type: 'taskList', attrs: { localId: `tasks-${this.#tasks}` }, content }];
    }
    const content = items.map(({ checked, children }) => {
      const blocks = this.blocks(children, 'listItem');
      const box = typeof checked === 'boolean' ? [paragraphOf(checked ? '☑' : '☐')] : [];
      // An item begins with a paragraph or code.
      const first = blocks[0]?.type === 'paragraph' || blocks[0]?.type === 'codeBlock' ? [] : [emptyParagraph];
      return { type: 'listItem', content: [...box, ...(box.length > 0 ? [] : first), ...blocks] };
    });
    if (node.ordered !== true) return [{ type: 'bulletList', content }];
    return [{ type: 'orderedList', attrs: { order: node.start ?? 1 }, content }];
  }

  #table(node: Table): AdfNode {
    return {
      type: 'table',
      content: node.children.map((row, at) => ({
        type: 'tableRow',
        content: row.children.map((cell) => {
          const content = this.#inline(cell.children, []);
          return {
            type: at === 0 ? 'tableHeader' : 'tableCell',
            content: [content.length === 0 ? emptyParagraph : { type: 'paragraph', content }],
          };
        }),
      })),
    };
  }

  #inline(nodes: readonly PhrasingContent[], marks: readonly AdfMark[]): AdfNode[] {
    return joinTexts(nodes.flatMap((node) => this.#phrase(node, marks)));
  }

  #phrase(node: PhrasingContent, marks: readonly AdfMark[]): AdfNode[] {
    switch (node.type) {
      case 'text':
      case 'html':
        return textOf(node.value.replaceAll('\n', ' '), marks);
      case 'emphasis':
        return this.#inline(node.children, withMark(marks, { type: 'em' }));
      case 'strong':
        return this.#inline(node.children, withMark(marks, { type: 'strong' }));
      case 'delete':
        return this.#inline(node.children, withMark(marks, { type: 'strike' }));
      case 'inlineCode':
        // Code bears no mark but a link (…/document/marks/code).
        return textOf(node.value, [...marks.filter(({ type }) => type === 'link'), { type: 'code' }]);
      case 'break':
        return [{ type: 'hardBreak' }];
      case 'link':
        return this.#link(node.url, node.children, marks);
      case 'linkReference': {
        const target = this.#definitions.get(node.identifier);
        return target === undefined ? this.#inline(node.children, marks) : this.#link(target.url, node.children, marks);
      }
      case 'image':
        return this.#link(node.url, [{ type: 'text', value: node.alt || node.url }], marks);
      case 'imageReference': {
        const target = this.#definitions.get(node.identifier);
        const text = { type: 'text' as const, value: node.alt || target?.url || node.identifier };
        return target === undefined ? this.#inline([text], marks) : this.#link(target.url, [text], marks);
      }
      default:
        return textOf(writeMarkdown(node), marks);
    }
  }

  #link(url: string, children: readonly PhrasingContent[], marks: readonly AdfMark[]): AdfNode[] {
    const text: readonly PhrasingContent[] = children.length === 0 ? [{ type: 'text', value: url }] : children;
    return this.#inline(text, url === '' ? marks : withMark(marks, { type: 'link', attrs: { href: url } }));
  }

  #asText(node: Nodes): AdfNode[] {
    const text = writeMarkdown(node);
    return text === '' ? [] : [paragraphOf(text)];
  }
}

const emptyParagraph: AdfNode = { type: 'paragraph', content: [] };

function paragraphOf(text: string): AdfNode {
  const lines = text
    .split('\n')
    .flatMap((line, at): AdfNode[] => [...(at === 0 ? [] : [{ type: 'hardBreak' }]), ...textOf(line, [])]);
  return { type: 'paragraph', content: lines };
}

/** ADF has no empty text. */
function textOf(text: string, marks: readonly AdfMark[]): AdfNode[] {
  return text === '' ? [] : [{ type: 'text', text, ...(marks.length === 0 ? {} : { marks }) }];
}

function withMark(marks: readonly AdfMark[], mark: AdfMark): readonly AdfMark[] {
  return marks.some(({ type }) => type === mark.type) ? marks : [...marks, mark];
}

/** Neighbours with the same marks are one text. */
function joinTexts(nodes: readonly AdfNode[]): AdfNode[] {
  const joined: AdfNode[] = [];
  for (const node of nodes) {
    const last = joined.at(-1);
    const isSame =
      last?.type === 'text' && node.type === 'text' && JSON.stringify(last.marks) === JSON.stringify(node.marks);
    if (isSame) joined[joined.length - 1] = { ...last, text: `${last.text}${node.text}` };
    else joined.push(node);
  }
  return joined;
}
