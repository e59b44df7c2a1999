import { HubError } from '@inthub/contracts';
import type { HttpResponse } from './http.ts';

/** One server-sent event (WHATWG HTML §9.2.6). */
export interface ServerSentEvent {
  /** `message` where the server names none. */
  readonly event: string;
  /** Lines joined by a line feed. */
  readonly data: string;
}

export interface StreamBounds {
  /** Largest event or line, in characters; default 4 Mi. */
  readonly maxLength?: number;
}

const defaultMaxLength = 4 * 1024 * 1024;

/**
 * The events of a body as it arrives, in batches: those that one piece of the body completed. An event that the end of the body cuts
 * off is left out, as the standard has it. @throws HubError `provider_response_too_large` for an event beyond the bound.
 */
export async function* parseEventStream(
  chunks: AsyncIterable<Uint8Array>,
  { maxLength = defaultMaxLength }: StreamBounds = {},
): AsyncGenerator<readonly ServerSentEvent[]> {
  const decoder = new TextDecoder('utf-8'); // takes away a byte order mark; replaces what is not UTF-8
  const lines = createLineSplitter(true, maxLength);
  let event = '';
  let data: string[] = [];
  let length = 0;

  for await (const chunk of chunks) {
    const batch: ServerSentEvent[] = [];
    for (const line of lines(decoder.decode(chunk, { stream: true }))) {
      if (line === '') {
        if (data.length > 0) batch.push({ event: event || 'message', data: data.join('\n') });
        event = '';
        data = [];
        length = 0;
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue; // a comment
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1);
      if (field === 'data') {
        length += value.length + 1;
        if (length > maxLength) throw tooLong(maxLength);
        data.push(value);
      } else if (field === 'event') event = value;
    }
    if (batch.length > 0) yield batch;
  }
}

/**
 * @param what The product, for the message. @throws HubError `provider_bad_response` when the answer is of another type: a web page or a
 * plain document instead of a stream.
 */
export function requireStreamOf(type: string, response: HttpResponse, what: string): void {
  const given = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (given === type) return;
  throw new HubError(
    'provider_bad_response',
    `${what} answered with ${given === undefined ? 'no content type' : 'another content type'} instead of ${type}.`,
  );
}

/**
 * The lines of a body as it arrives (newline-delimited JSON), in batches; empty ones are left out, the last needs no line feed.
 * @throws HubError `provider_response_too_large` for a line beyond the bound.
 */
export async function* parseLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxLength = defaultMaxLength }: StreamBounds = {},
): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder('utf-8');
  const split = createLineSplitter(false, maxLength);
  for await (const chunk of chunks) {
    const lines = split(decoder.decode(chunk, { stream: true })).filter((line) => line.trim() !== '');
    if (lines.length > 0) yield lines;
  }
  const rest = split(`${decoder.decode()}\n`).filter((line) => line.trim() !== '');
  if (rest.length > 0) yield rest;
}

/**
 * Whole lines of text that comes in pieces; each piece is looked at once, however small they are. `carriage`: a carriage return, alone
 * or before a line feed, ends a line too.
 */
function createLineSplitter(carriage: boolean, maxLength: number): (text: string) => string[] {
  let begun: string[] = [];
  let length = 0;
  let afterReturn = false;
  return (text) => {
    let piece = text;
    if (afterReturn && piece !== '') {
      // Its carriage return ended the line already.
      if (piece.charCodeAt(0) === 0x0a) piece = piece.slice(1);
      afterReturn = false;
    }
    const hasReturn = carriage && piece.includes('\r');
    if (hasReturn) afterReturn = piece.endsWith('\r');
    const lines = piece.split(hasReturn ? anyLineEnd : '\n');
    const rest = lines.pop() ?? '';
    const [first] = lines;
    if (first !== undefined) {
      if (begun.length > 0) lines[0] = begun.join('') + first;
      begun = [];
      length = 0;
    }
    if (rest !== '') begun.push(rest);
    length += rest.length;
    if (length > maxLength) throw tooLong(maxLength);
    return lines;
  };
}

const anyLineEnd = /\r\n|\r|\n/;

function tooLong(maxLength: number): HubError {
  return new HubError(
    'provider_response_too_large',
    `The provider streamed one piece of more than ${maxLength} characters.`,
  );
}
