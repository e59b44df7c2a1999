import { HubError } from '@inthub/contracts';
import { describe, expect, it } from 'vitest';
import type { ConnectorDefinition, InboundDelivery, TranslatedEvent, WebhookDefinition } from '../index.ts';
import { bytesOf, createTestDelivery } from './webhook-delivery.ts';

/** A delivery that the product sends, and what becomes of it. */
export interface WebhookSample {
  readonly name: string;
  /** Bytes, text, or anything else as JSON. */
  readonly body: unknown;
  /** Headers beside those of `sign`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Types that `translate` gives, in order; empty for what the connector does not know or has no event for. */
  readonly events: readonly string[];
  /** Parameters of the address. */
  readonly query?: Readonly<Record<string, string>>;
  /** Default: not looked at. */
  readonly deliveryId?: string;
  /** Default: not looked at. */
  readonly kind?: string;
}

export interface WebhookConformanceOptions {
  readonly connector: ConnectorDefinition;
  readonly definition: WebhookDefinition;
  /**
   * The headers with which the product proves a delivery of this body, sent `at` this time; best made by the vendor's own library.
   * Leave out with `proof: 'url'`.
   */
  sign?(body: Uint8Array, secret: string, at: Date): Readonly<Record<string, string>>;
  /** Two secrets in the product's own form; default plain texts. */
  readonly secrets?: readonly [string, string];
  /** What the product sends; at least one that becomes an event. */
  readonly samples: readonly WebhookSample[];
  /** A delivery of a kind that the connector does not know: it gives no events and no error. Null where every kind becomes an event. */
  readonly unknown: Omit<WebhookSample, 'name' | 'events'> | null;
  /** The proof holds a time, and outside ± this many milliseconds it is stale. Default: the product signs no time. */
  readonly toleranceMs?: number;
  /** Handshakes and what answers them. */
  readonly handshakes?: readonly (Pick<WebhookSample, 'name' | 'body' | 'headers' | 'query'> & {
    readonly answer: object;
  })[];
}

const receivedAt = new Date('2026-11-21T10:00:00.000Z');
const maxEventBytes = 262_144;
const garbage: readonly (string | Uint8Array)[] = [
  '',
  '{',
  'null',
  'true',
  '0',
  '""',
  '[]',
  '{}',
  '[[[[null]]]]',
  '{"action":{},"repository":[],"events":{},"event":0,"type":[],"data":"x"}',
  '{"__proto__":{"events":[1]},"constructor":null}',
  'payload=%7B%22a%22%3A1%7D&x=%ZZ',
  '<html>It works!</html>',
  `${'['.repeat(500)}${']'.repeat(500)}`,
  Uint8Array.from([0xff, 0xfe, 0x00, 0x80]),
];

/**
 * Registers tests that hold for every webhook: the proof is accepted, and refused when it is missing, wrong, of another body or stale;
 * two secrets serve while one is rotated; a delivery keeps its id; `translate` stays within `events` and survives anything.
 */
export function webhookConformance(options: WebhookConformanceOptions): void {
  const { connector, definition, samples, unknown, handshakes = [] } = options;
  const [secret, otherSecret] = options.secrets ?? [
    'conformance-secret-one-0123456789',
    'conformance-secret-two-0123456789',
  ];
  const first = samples[0];
  if (first === undefined) throw new Error(`webhookConformance of ${definition.id} needs a sample.`);

  const signed = (
    sample: Pick<WebhookSample, 'body' | 'headers' | 'query'>,
    key = secret,
    at = receivedAt,
  ): InboundDelivery => {
    const body = bytesOf(sample.body);
    return createTestDelivery({
      body,
      receivedAt,
      query: sample.query ?? {},
      headers: { 'content-type': 'application/json', ...sample.headers, ...options.sign?.(body, key, at) },
    });
  };
  const verify = (delivery: InboundDelivery, secrets: readonly string[] = [secret]) =>
    definition.verify(delivery, secrets);

  describe(`webhook ${definition.id}`, () => {
    it('belongs to its connector', () => {
      expect(connector.webhooks).toContain(definition);
      expect(definition.title.length).toBeGreaterThan(2);
      expect(new Set(definition.events).size).toBe(definition.events.length);
      expect(definition.proof === 'url', 'sign is given unless the address is the proof').toBe(
        options.sign === undefined,
      );
    });

    it.each(samples)('accepts and translates: $name', async (sample) => {
      const delivery = signed(sample);

      expect(definition.recognises?.(delivery) ?? true).toBe(true);
      expect(await verify(delivery)).toBe('valid');
      expect(definition.handshake?.(delivery)).toBeUndefined();
      const events = await definition.translate(delivery);
      expect(events.map(({ type }) => type)).toEqual(sample.events);
      checkEvents(definition, events);
      expect(JSON.parse(JSON.stringify(events)), 'events are plain JSON').toEqual(events);
      expect(JSON.stringify(events)).not.toContain(secret);
      if (sample.deliveryId !== undefined) expect(definition.deliveryId?.(delivery)).toBe(sample.deliveryId);
      if (sample.kind !== undefined) expect(definition.kind?.(delivery)).toBe(sample.kind);
      // The product sends it again: the same delivery, whatever the time.
      expect(definition.deliveryId?.(signed(sample, secret, new Date(receivedAt.getTime() + 60_000)))).toBe(
        definition.deliveryId?.(delivery),
      );
    });

    it('makes an event of at least one sample', () => {
      expect(samples.some(({ events }) => events.length > 0)).toBe(true);
    });

    if (definition.proof !== 'url') {
      it('takes either secret while one is rotated, and no other', async () => {
        expect(await verify(signed(first), [otherSecret, secret])).toBe('valid');
        expect(await verify(signed(first, otherSecret), [otherSecret, secret])).toBe('valid');
        expect(await verify(signed(first, otherSecret), [secret])).toBe('invalid');
        expect(await verify(signed(first), []), 'no secret is set').not.toBe('valid');
      });

      it('finds a proof missing, or wrong in any part', async () => {
        const proof = options.sign?.(bytesOf(first.body), secret, receivedAt) ?? {};
        expect(await verify(createTestDelivery({ body: first.body, headers: first.headers ?? {}, receivedAt }))).toBe(
          'missing',
        );
        for (const [name, value] of Object.entries(proof)) {
          for (const wrong of [
            '',
            'x',
            value.slice(0, -1),
            `${value}0`,
            value.split('').reverse().join(''),
            '\u00e9'.repeat(64),
          ]) {
            const headers = { ...first.headers, ...proof, [name]: wrong };
            const verdict = await verify(createTestDelivery({ body: first.body, headers, receivedAt }));
            if (wrong !== value) expect(verdict, `${name}: ${wrong}`).not.toBe('valid');
          }
        }
      });
    }

    if (definition.proof === 'signature') {
      it('finds the signature of another body invalid', async () => {
        const delivery = signed(first);
        const flipped = Uint8Array.from(delivery.body);
        flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;

        for (const body of [
          flipped,
          delivery.body.subarray(1),
          Buffer.concat([delivery.body, Buffer.from(' ')]),
          new Uint8Array(),
        ]) {
          expect(await verify({ ...delivery, body })).toBe('invalid');
        }
      });
    }

    const { toleranceMs } = options;
    if (toleranceMs !== undefined) {
      it('finds a right signature of another time stale', async () => {
        // A second more: products sign whole seconds.
        for (const offset of [-toleranceMs - 1_000, toleranceMs + 1_000]) {
          expect(await verify(signed(first, secret, new Date(receivedAt.getTime() + offset)))).toBe('stale');
        }
        for (const offset of [-toleranceMs + 1_000, toleranceMs - 1_000]) {
          expect(await verify(signed(first, secret, new Date(receivedAt.getTime() + offset)))).toBe('valid');
        }
      });
    }

    if (unknown !== null) {
      it('gives no event for a kind that it does not know', async () => {
        const delivery = signed(unknown);

        expect(await verify(delivery)).toBe('valid');
        expect(await definition.translate(delivery)).toEqual([]);
        if (unknown.kind !== undefined) expect(definition.kind?.(delivery)).toBe(unknown.kind);
      });
    }

    it('has a receipt that means success, where it has one of its own', () => {
      const { receipt } = definition;
      if (receipt === undefined) return;
      expect(receipt.status).toBeGreaterThanOrEqual(200);
      expect(receipt.status).toBeLessThan(300);
      expect(receipt.contentType).toMatch(/^[a-z]+\/[a-z0-9.+-]+/);
    });

    it.each(handshakes)('answers a handshake: $name', async ({ answer, ...handshake }) => {
      const delivery = signed(handshake);

      expect(await verify(delivery)).toBe('valid');
      expect(definition.handshake?.(delivery)).toMatchObject(answer);
    });

    it('survives any body and any headers', async () => {
      const headers = [
        {},
        first.headers ?? {},
        unknown?.headers ?? {},
        { 'content-type': 'application/x-www-form-urlencoded' },
      ];
      for (const body of garbage) {
        for (const given of headers) {
          const where = `${Buffer.from(bytesOf(body)).toString('latin1').slice(0, 40)} with ${JSON.stringify(given)}`;
          const delivery = signed({ body, headers: given });
          expect(['valid', 'invalid', 'missing', 'stale'], where).toContain(await verify(delivery));
          for (const ask of ['recognises', 'handshake', 'deliveryId', 'kind'] as const)
            expect(() => definition[ask]?.(delivery), `${ask}: ${where}`).not.toThrow();
          try {
            checkEvents(definition, await definition.translate(delivery));
          } catch (error) {
            if (!(error instanceof HubError)) throw new Error(`translate: ${where}`, { cause: error });
            expect(error.code, where).toBe('invalid_request');
          }
        }
      }
    });
  });
}

function checkEvents(definition: WebhookDefinition, events: readonly TranslatedEvent[]): void {
  for (const { type, data } of events) {
    expect(definition.events).toContain(type);
    const text = JSON.stringify(data);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxEventBytes);
  }
}
