import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRedactor } from '../telemetry/telemetry.ts';
import { sealableBody } from './audit-body.ts';
import type { AuditRecord } from './audit-record.ts';
import { unsealedEntryOf } from './unsealed-entry.ts';

const tenantId = '01890000-0000-7000-8000-000000000001';
const stamp = { seq: 7, id: '01890000-0000-7000-8000-000000000002', tenantId, at: '2026-11-21T10:00:00.000Z' };
const secret = 'hunter2-hunter2';
const redactor = createRedactor();
redactor.learn(secret, tenantId);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    secret,
    `x ${secret} y`,
    'Bearer abcDEF123456',
    'a'.repeat(400),
    '\u0000',
    '\ud800',
    '__proto__',
    '1',
    'key',
  ),
);
const name = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'key', 'token', 'apiKey', '0', '10', '__proto__', 'toJSON', secret),
  text,
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined, 1n, new Date(0), () => 1, new Error('x'), Number.NaN, -0),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(name, tie('any'), { maxKeys: 5, noNullPrototype: false }),
  ),
})).any;
const wild: fc.Arbitrary<AuditRecord> = fc.record(
  {
    actor: fc.record({ kind: fc.constant('api_key' as const), id: text, name: text }),
    action: text,
    target: fc.record({ type: text, id: text, name: text }, { requiredKeys: ['type', 'id'] }),
    outcome: fc.constantFrom('success' as const, 'failure' as const, 'denied' as const),
    requestId: text,
    before: value,
    reason: text,
    details: fc.dictionary(name, value, { maxKeys: 6, noNullPrototype: false }),
  },
  { requiredKeys: ['actor', 'action', 'target', 'outcome', 'requestId'] },
);

/** Nearly plain: one odd text in a hundred. */
const calmText = fc.oneof(
  { weight: 99, arbitrary: fc.stringMatching(/^[a-zé \u2028.-]{0,12}$/) },
  { weight: 1, arbitrary: text },
);
const calmValue = fc.oneof(
  calmText,
  fc.double(),
  fc.integer(),
  fc.constant(null),
  fc.array(calmText, { maxLength: 3 }),
);
const calm: fc.Arbitrary<AuditRecord> = fc.record(
  {
    actor: fc.record({ kind: fc.constant('api_key' as const), id: calmText, name: calmText }),
    action: calmText,
    target: fc.record({ type: calmText, id: calmText, name: calmText }, { requiredKeys: ['type', 'id'] }),
    outcome: fc.constantFrom('success' as const, 'failure' as const, 'denied' as const),
    requestId: calmText,
    details: fc
      .dictionary(calmText, calmValue, { maxKeys: 4, noNullPrototype: true })
      .map((fields) => Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))),
  },
  { requiredKeys: ['actor', 'action', 'target', 'outcome', 'requestId'] },
);

it('writes plain records as the general way writes them, and takes that way for all others', () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.oneof(wild, calm), (given) => {
      const general = sealableBody(given, stamp, redactor.redact);
      const prepared = unsealedEntryOf(given, tenantId, redactor)?.stamped(stamp);
      if (prepared === undefined) return;
      plain += 1;
      expect(prepared).toBe(general.text);
    }),
    { numRuns: 4_000 },
  );
  expect(plain).toBeGreaterThan(100);
});

it('takes a usual call for plain, and none that holds a secret or is out of order', () => {
  const call: AuditRecord = {
    actor: { kind: 'api_key', id: 'k', name: 'ci' },
    action: 'action.execute',
    target: { type: 'integration', id: 'i', name: 'main' },
    outcome: 'success',
    requestId: 'request-1',
    details: {
      action: 'tag.list',
      apiCalls: 1,
      attempts: [{ attempt: 1, errorCode: null, host: 'a:1' }],
      cached: false,
    },
  };
  expect(unsealedEntryOf(call, tenantId, redactor)?.stamped(stamp)).toBe(
    sealableBody(call, stamp, redactor.redact).text,
  );
  for (const details of [
    { a: secret },
    { a: 'Bearer abcDEF123456' },
    { a: 'say "so"' },
    { b: 1, a: 1 },
    { token: 'x' },
    { a: { toJSON: () => 1 } },
    { a: undefined },
  ]) {
    expect(unsealedEntryOf({ ...call, details }, tenantId, redactor), JSON.stringify(details)).toBeUndefined();
  }
  expect(unsealedEntryOf({ ...call, reason: 'why' }, tenantId, redactor)).toBeUndefined();
});
