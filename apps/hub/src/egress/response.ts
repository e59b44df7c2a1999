import { Readable } from 'node:stream';
import type { HttpHeaders, HttpResponse } from '@inthub/connector-sdk';
import { HubError } from '@inthub/contracts';
import type { BodyStream } from './body-stream.ts';
import type { Answer } from './exchange.ts';
import { createResponseHeaders } from './headers.ts';
import { readJson, readText } from './read-json.ts';

export interface ResponseOptions {
  /** The place that answered in the end. */
  readonly url: string;
  readonly host: string;
  /** The request asked for a stream. */
  readonly stream: boolean;
}

/** The connector's view of an answer. */
export function createResponse(answer: Answer, options: ResponseOptions): HttpResponse {
  return new ReceivedResponse(answer, options);
}

class ReceivedResponse implements HttpResponse {
  readonly status: number;
  readonly url: string;
  readonly #answer: Answer;
  readonly #host: string;
  readonly #mayStream: boolean;
  #headers: HttpHeaders | undefined;
  #collected: Promise<Buffer> | undefined;
  #streamed = false;

  constructor(answer: Answer, { url, host, stream }: ResponseOptions) {
    this.status = answer.status;
    this.url = url;
    this.#answer = answer;
    this.#host = host;
    this.#mayStream = stream;
  }

  get headers(): HttpHeaders {
    this.#headers ??= createResponseHeaders(this.#answer.headers);
    return this.#headers;
  }

  async bytes(): Promise<Buffer> {
    const { body } = this.#answer;
    if (Buffer.isBuffer(body)) return body;
    this.#collected ??= this.#collect(body);
    return this.#collected;
  }

  async text(): Promise<string> {
    return readText(await this.bytes(), this.#host);
  }

  // One implementation serves both forms of the interface; the schema decides the type there.
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of HttpResponse narrow it.
  json(schema?: object): Promise<any> {
    const { body } = this.#answer;
    if (!Buffer.isBuffer(body)) return this.bytes().then((bytes) => readJson(bytes, this.#host, schema));
    try {
      return Promise.resolve(readJson(body, this.#host, schema));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  chunks(): AsyncIterable<Uint8Array> {
    if (!this.#mayStream) {
      throw new HubError(
        'connector_failed',
        'chunks() needs a request with stream: true; use bytes(), text() or json().',
      );
    }
    this.#takeStream();
    const { body } = this.#answer;
    // A refusal that the connector expects may have been read already, for the challenge in it.
    return Buffer.isBuffer(body) ? Readable.from([body]) : body;
  }

  async #collect(body: BodyStream): Promise<Buffer> {
    this.#takeStream();
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  #takeStream(): void {
    if (this.#streamed) throw new HubError('connector_failed', 'The streamed body of this response was already taken.');
    this.#streamed = true;
  }
}
