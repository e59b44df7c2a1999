/**
 * Messages as Teams wants them. Sources: learn.microsoft.com/graph/api/chatmessage-post (text or HTML; cards as attachments),
 * adaptivecards.io/explorer (schema 1.4, which Teams shows everywhere), microsoftteams/limits-specifications-teams (28 KB a message),
 * microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using (cards for an incoming webhook).
 */
import type { MessageBlock, MessageInput } from '@inthub/connector-sdk';
import { invalidField } from '@inthub/contracts';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

export interface GraphContent {
  readonly body: { readonly contentType: 'text' | 'html'; readonly content: string };
  readonly attachments?: readonly object[];
}

const maxBytes = 28_000;

export function composeMessage(
  { text, markdown = false, codeBlocks = [], attachments = [] }: MessageInput,
  field = '/text',
): GraphContent {
  // Text is shown as it is, so nothing in it can be markup.
  if (!markdown && codeBlocks.length === 0 && attachments.length === 0)
    return bounded({ body: { contentType: 'text', content: text } }, field);
  const parts = [
    markdown ? toHtml(text) : `<p>${escapeHtml(text).replaceAll('\n', '<br>')}</p>`,
    ...codeBlocks.map(({ code }) => `<pre><code>${escapeHtml(code)}</code></pre>`),
    ...attachments.map(({ name, url }) => `<p><a href="${escapeHtml(url)}">${escapeHtml(name)}</a></p>`),
  ];
  return bounded({ body: { contentType: 'html', content: parts.join('') } }, field);
}

/** Markup in Markdown comes out as text, and addresses only as those that are harmless (micromark's default). */
function toHtml(markdown: string): string {
  return micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
}

const cardId = 'card';
const cardType = 'application/vnd.microsoft.card.adaptive';

/** A message of Graph that is an adaptive card. Buttons are refused: those of a card that no bot has sent lead nowhere. */
export function composeCard(blocks: readonly MessageBlock[], text: string | undefined): GraphContent {
  const content = JSON.stringify(cardOf(blocks.flatMap(toElements), text));
  return bounded(
    {
      body: { contentType: 'html', content: `<attachment id="${cardId}"></attachment>` },
      attachments: [{ id: cardId, contentType: cardType, content }],
    },
    '/blocks',
  );
}

/** What the trigger of a flow takes: a message whose attachments are adaptive cards, and nothing but cards. */
export interface FlowContent {
  readonly type: 'message';
  readonly attachments: readonly object[];
}

export function composeFlowCard(blocks: readonly MessageBlock[], text: string | undefined): FlowContent {
  return bounded(flowContent(cardOf(blocks.flatMap(toElements), text)), '/blocks');
}

/** A text as a card. Only where it is Markdown is anything in it markup; links become buttons that open them. */
export function composeFlowMessage({
  text,
  markdown = false,
  codeBlocks = [],
  attachments = [],
}: MessageInput): FlowContent {
  const links = attachments.map(({ name, url }) => ({ type: 'Action.OpenUrl', title: name, url }));
  const elements = [
    markdown ? { type: 'TextBlock', text, wrap: true } : plain(text, {}),
    ...codeBlocks.map(({ code }) => plain(code, { fontType: 'Monospace' })),
    ...(links.length === 0 ? [] : [{ type: 'ActionSet', actions: links }]),
  ];
  return bounded(flowContent(cardOf(elements, undefined)), '/text');
}

function flowContent(content: object): FlowContent {
  return { type: 'message', attachments: [{ contentType: cardType, contentUrl: null, content }] };
}

function cardOf(body: readonly object[], text: string | undefined): object {
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    ...(text === undefined ? {} : { fallbackText: text, speak: text }),
    body,
  };
}

function toElements(block: MessageBlock, index: number): object[] {
  switch (block.type) {
    case 'divider':
      return [{ type: 'TextBlock', text: ' ', separator: true, spacing: 'Medium' }];
    case 'code':
      return [plain(block.content, { fontType: 'Monospace' })];
    case 'context':
      return [plain(block.content, { size: 'Small', isSubtle: true })];
    case 'actions':
      throw invalidField(
        `/blocks/${index}`,
        'Teams carries presses of buttons to bots only; put a link into a section instead.',
      );
    case 'section': {
      const facts = block.fields?.map(({ label, value }) => ({
        title: escapeMarkdown(label),
        value: escapeMarkdown(value) || ' ',
      }));
      return [
        ...(block.content === undefined ? [] : [{ type: 'TextBlock', text: block.content, wrap: true }]),
        ...(facts === undefined ? [] : [{ type: 'FactSet', facts }]),
      ];
    }
  }
}

/** A run of text is no Markdown, unlike a TextBlock. */
function plain(text: string, style: object): object {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\*_[\]()~`]/g, '\\$&');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function bounded<Content extends GraphContent | FlowContent>(content: Content, field: string): Content {
  if (Buffer.byteLength(JSON.stringify(content)) <= maxBytes) return content;
  throw invalidField(
    field,
    `is larger than the ${maxBytes} bytes that Teams takes in a message; split it.`,
    'maxLength',
  );
}
