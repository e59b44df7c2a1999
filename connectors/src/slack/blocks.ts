/**
 * Messages as Slack wants them. Sources: docs.slack.dev/reference/block-kit/blocks (limits of each block), …/messaging/formatting
 * (which characters are escaped), seen 2026-11.
 */
import type { MessageBlock, MessageInput } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';

export interface SlackContent {
  /** What notifications show; with blocks it is shown nowhere else. */
  readonly text: string;
  readonly blocks?: readonly object[];
  readonly mrkdwn?: boolean;
}

/** Of all markdown blocks of a message together. */
const maxMarkdown = 12_000;
/** Beyond about 13 000 characters of blocks Slack answers `msg_blocks_too_long` (slackapi/bolt-js issue 2509). */
const maxRichText = 12_000;
/** What Slack cuts a text at. */
const maxText = 40_000;
const maxTextObject = 3000;
const maxField = 2000;
const maxBlocks = 50;
const fallbackLength = 3000;

/** The three characters that mean something to Slack in a text; nothing else can make a mention or a link. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Text with code and links below it. */
export function composeMessage(input: MessageInput): SlackContent {
  return input.markdown === true ? composeMarkdown(input) : composePlain(input);
}

/** Whole text for `chat.update`, where `mrkdwn` cannot be switched off: only blocks show it as it is. */
export function composeUpdate(content: string, markdown: boolean): SlackContent {
  const field = '/content';
  if (markdown) return { text: fallback(content), blocks: [markdownBlock(content, field)] };
  if (content.length > maxRichText) throw tooLong(field, maxRichText);
  return { text: fallback(content), blocks: [{ type: 'rich_text', elements: [richSection(content)] }] };
}

function composeMarkdown({ text, codeBlocks = [], attachments = [] }: MessageInput): SlackContent {
  const parts = [
    text,
    ...codeBlocks.map(({ language, code }) => fenced(language, code)),
    ...attachments.map(({ name, url }) => `[${name.replaceAll(/[\\[\]]/g, '\\$&')}](<${url}>)`),
  ];
  return { text: fallback(text), blocks: [markdownBlock(parts.join('\n\n'), '/text')] };
}

function composePlain({ text, codeBlocks = [], attachments = [] }: MessageInput): SlackContent {
  const extras = [
    ...codeBlocks.map(({ code }) => preformatted(code)),
    ...attachments.map(({ name, url }) => ({
      type: 'rich_text_section',
      elements: [{ type: 'link', url, text: name }],
    })),
  ];
  const escaped = escapeText(text);
  if (extras.length === 0 && escaped.length > maxRichText) {
    if (escaped.length > maxText) throw tooLong('/text', maxText);
    return { text: escaped, mrkdwn: false };
  }
  const length = text.length + codeBlocks.reduce((sum, { code }) => sum + code.length, 0);
  if (length > maxRichText) throw tooLong('/text', maxRichText);
  return { text: fallback(text), blocks: [{ type: 'rich_text', elements: [richSection(text), ...extras] }] };
}

/** Blocks of the hub as blocks of Slack. */
export function composeBlocks(blocks: readonly MessageBlock[], text: string | undefined): SlackContent {
  const made = blocks.flatMap((block, index) => toSlackBlocks(block, `/blocks/${index}`));
  if (made.length > maxBlocks) {
    throw invalidField(
      '/blocks',
      `make ${made.length} blocks of Slack, which takes ${maxBlocks}; send two messages.`,
      'maxItems',
    );
  }
  const markdown = blocks.reduce(
    (sum, block) => sum + (block.type === 'section' ? (block.content?.length ?? 0) : 0),
    0,
  );
  if (markdown > maxMarkdown) throw tooLong('/blocks', maxMarkdown);
  return { text: fallback(text ?? plainText(blocks)), blocks: made };
}

function toSlackBlocks(block: MessageBlock, at: string): object[] {
  switch (block.type) {
    case 'divider':
      return [{ type: 'divider' }];
    case 'code':
      if (block.content.length > maxRichText) throw tooLong(`${at}/content`, maxRichText);
      return [{ type: 'rich_text', elements: [preformatted(block.content)] }];
    case 'context':
      if (block.content.length > maxTextObject) throw tooLong(`${at}/content`, maxTextObject);
      return [{ type: 'context', elements: [{ type: 'plain_text', text: block.content, emoji: false }] }];
    case 'actions':
      return [{ type: 'actions', elements: buttons(block.actions, at) }];
    case 'section':
      return [
        ...(block.content === undefined ? [] : [markdownBlock(block.content, `${at}/content`)]),
        ...(block.fields === undefined
          ? []
          : [{ type: 'section', fields: block.fields.map((field, index) => toField(field, `${at}/fields/${index}`)) }]),
      ];
  }
}

function buttons(actions: Extract<MessageBlock, { type: 'actions' }>['actions'], at: string): object[] {
  const ids = new Set<string>();
  return actions.map(({ label, actionId, style }, index) => {
    if (ids.has(actionId))
      throw invalidField(`${at}/actions/${index}/actionId`, 'is used twice in one block.', 'uniqueItems');
    ids.add(actionId);
    return {
      type: 'button',
      text: { type: 'plain_text', text: label, emoji: false },
      action_id: actionId,
      ...(style === undefined ? {} : { style }),
    };
  });
}

function toField({ label, value }: { readonly label: string; readonly value: string }, at: string): object {
  const text = `*${escapeText(label)}*\n${escapeText(value)}`;
  if (text.length > maxField) throw tooLong(at, maxField);
  return { type: 'mrkdwn', text };
}

function markdownBlock(text: string, field: string): object {
  if (text.length > maxMarkdown) throw tooLong(field, maxMarkdown);
  return { type: 'markdown', text };
}

const richSection = (text: string) => ({ type: 'rich_text_section', elements: [{ type: 'text', text }] });
const preformatted = (text: string) => ({ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] });

/** A code fence that is longer than any run of backticks within (CommonMark §4.5). */
function fenced(language: string, code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}

/** What notifications say; cut between characters, since half a surrogate pair is none. */
function fallback(text: string): string {
  return escapeText([...text].slice(0, fallbackLength).join(''));
}

function plainText(blocks: readonly MessageBlock[]): string {
  const parts = blocks.flatMap((block) => {
    if (block.type === 'divider') return [];
    if (block.type === 'actions') return [block.actions.map(({ label }) => `[${label}]`).join(' ')];
    const fields = block.type === 'section' ? (block.fields ?? []).map(({ label, value }) => `${label}: ${value}`) : [];
    return [...(block.content === undefined ? [] : [block.content]), ...fields];
  });
  return parts.join('\n') || '…';
}

function tooLong(field: string, limit: number) {
  return invalidField(
    field,
    `is longer than the ${limit} characters that Slack shows here; split the message.`,
    'maxLength',
  );
}
