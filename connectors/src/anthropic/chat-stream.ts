import { type CountedDelta, checkValue, midStreamError, parseEventStream } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import { countsOf, fieldsOf, stopReasonOf } from './chat-answer.ts';
import { refusalOf } from './errors.ts';
import { Usage } from './schema.ts';

type Json = Readonly<Record<string, unknown>>;

/** A block that is being written. */
interface OpenBlock {
  readonly type: string;
  /** Of a tool call: its place among the answer's calls. */
  readonly call: number;
  signature: string | null;
  hasArguments: boolean;
}

/**
 * The pieces of a streamed message, in the batches in which they arrive, until `message_stop`. Counts come twice: what went in at the
 * start, all of it at the end. Source: Anthropic's OpenAPI document 195, MessageStreamEvent; `ping` and `error` from
 * docs.claude.com/en/docs/build-with-claude/streaming. Unknown events and blocks are left out, as that page asks for.
 */
export async function* readMessageStream(
  chunks: AsyncIterable<Uint8Array>,
  asked: string,
): AsyncGenerator<readonly CountedDelta[]> {
  const reader = createReader(asked);
  for await (const events of parseEventStream(chunks)) {
    const deltas: CountedDelta[] = [];
    let ended = false;
    for (const { data } of events) {
      ended = reader(parseEvent(data), deltas);
      if (ended) break;
    }
    if (deltas.length > 0) yield deltas;
    if (ended) return;
  }
}

/** @returns a function that adds what an event says, and tells whether it was the last. */
function createReader(asked: string): (event: Json, deltas: CountedDelta[]) => boolean {
  const blocks = new Map<unknown, OpenBlock>();
  let calls = 0;
  let usage: Usage = {};

  function count(more: unknown, deltas: CountedDelta[]): void {
    if (!isObject(more) || checkValue(Usage, more).length > 0) return;
    // Cumulative; what is null or absent has not changed.
    usage = { ...usage, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value != null)) };
    deltas.push({ type: 'usage', usage: countsOf(usage) });
  }

  return (event, deltas) => {
    switch (event['type']) {
      case 'message_start': {
        const message = objectOf(event['message']);
        deltas.push({ type: 'start', id: textOf(message['id']) ?? null, model: textOf(message['model']) || asked });
        count(message['usage'], deltas);
        return false;
      }
      case 'content_block_start': {
        const block = objectOf(event['content_block']);
        const type = textOf(block['type']) ?? '';
        const isCall = type === 'tool_use';
        blocks.set(event['index'], { type, call: isCall ? calls : -1, signature: null, hasArguments: false });
        if (isCall) {
          deltas.push({
            type: 'tool_call',
            index: calls,
            id: textOf(block['id']) ?? '',
            name: textOf(block['name']) ?? '',
          });
          calls += 1;
        } else if (type === 'text' && textOf(block['text'])) {
          deltas.push({ type: 'text', text: textOf(block['text']) ?? '' });
        }
        return false;
      }
      case 'content_block_delta':
        readDelta(objectOf(event['delta']), blocks.get(event['index']), deltas);
        return false;
      case 'content_block_stop': {
        const block = blocks.get(event['index']);
        blocks.delete(event['index']);
        if (block?.type === 'thinking') deltas.push({ type: 'thinking_end', signature: block.signature });
        // A tool without arguments has no piece of them, not even {}.
        if (block?.type === 'tool_use' && !block.hasArguments)
          deltas.push({ type: 'tool_call', index: block.call, arguments: '{}' });
        return false;
      }
      case 'message_delta': {
        const delta = objectOf(event['delta']);
        count(event['usage'], deltas);
        const reason = textOf(delta['stop_reason']);
        if (reason !== undefined)
          deltas.push({ type: 'stop', stopReason: stopReasonOf(reason), providerStopReason: reason });
        const fields = fieldsOf(textOf(delta['stop_sequence']), usage, []);
        if (Object.keys(fields).length > 0) deltas.push({ type: 'provider', fields });
        return false;
      }
      case 'message_stop':
        return true;
      case 'error': {
        const kind = objectOf(event['error'])['type'];
        throw midStreamError('Anthropic', kind, refusalOf(kind));
      }
      default:
        return false;
    }
  };
}

function readDelta(delta: Json, block: OpenBlock | undefined, deltas: CountedDelta[]): void {
  if (block === undefined) return;
  const text = textOf(delta['text']);
  const thinking = textOf(delta['thinking']);
  const args = textOf(delta['partial_json']);
  if (delta['type'] === 'text_delta' && text) deltas.push({ type: 'text', text });
  else if (delta['type'] === 'thinking_delta' && thinking) deltas.push({ type: 'thinking', text: thinking });
  else if (delta['type'] === 'signature_delta')
    block.signature = (block.signature ?? '') + (textOf(delta['signature']) ?? '');
  else if (delta['type'] === 'input_json_delta' && block.call >= 0 && args) {
    block.hasArguments = true;
    deltas.push({ type: 'tool_call', index: block.call, arguments: args });
  }
}

function parseEvent(data: string): Json {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch (cause) {
    throw new HubError('provider_bad_response', 'Anthropic streamed something that is not JSON.', { cause });
  }
  if (!isObject(event)) throw new HubError('provider_bad_response', 'Anthropic streamed something that is no object.');
  return event;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
