/** Finds links of the repository's Markdown files that lead nowhere: to a file that is not there, or a heading that no page has. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import GitHubSlugger from 'github-slugger';
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString as textOf } from 'mdast-util-to-string';

export interface DeadLink {
  /** From the folder that was searched. */
  readonly file: string;
  readonly line: number;
  /** As it is written. */
  readonly target: string;
}

interface Page {
  readonly links: readonly { readonly target: string; readonly line: number }[];
  /** Ids of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
}

const skipped = new Set(['node_modules', 'dist', 'coverage']);

/** Every `.md` file below the folder, but for what is installed, built or hidden. */
function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) {
      return skipped.has(entry.name) || entry.name.startsWith('.') ? [] : markdownFiles(join(folder, entry.name));
    }
    return entry.name.endsWith('.md') ? [join(folder, entry.name)] : [];
  });
}

function readPage(file: string): Page {
  const links: { target: string; line: number }[] = [];
  const anchors = new Set<string>();
  const slugger = new GitHubSlugger();
  const visit = (node: Nodes): void => {
    if (node.type === 'link' || node.type === 'image' || node.type === 'definition')
      links.push({ target: node.url, line: node.position?.start.line ?? 0 });
    if (node.type === 'heading') anchors.add(slugger.slug(textOf(node)));
    if ('children' in node) node.children.forEach(visit);
  };
  visit(fromMarkdown(readFileSync(file, 'utf8')));
  return { links, anchors };
}

/** Links to other hosts are not followed. */
export function findDeadLinks(folder: string): DeadLink[] {
  const files = markdownFiles(folder).sort();
  const pages = new Map(files.map((file) => [file, readPage(file)]));
  const leadsSomewhere = (file: string, target: string): boolean => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return true;
    const [path = '', anchor] = target.split('#');
    const aim = path === '' ? file : join(dirname(file), decodeURIComponent(path));
    if (statSync(aim, { throwIfNoEntry: false }) === undefined) return false;
    return anchor === undefined || (pages.get(aim)?.anchors.has(anchor) ?? true);
  };
  return files.flatMap((file) =>
    (pages.get(file)?.links ?? [])
      .filter(({ target }) => !leadsSomewhere(file, target))
      .map(({ target, line }) => ({ file: relative(folder, file), line, target })),
  );
}
