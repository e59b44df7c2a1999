import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, redacted } from './redaction.ts';

/** A secret as providers hand them out: no part of it stands in the text around it. */
const secret = fc.stringMatching(/^[A-Za-z0-9!$%&/+=~.:_-]{8,60}$/);
const around = fc.string({ unit: fc.constantFrom(...'(){}[]<>^°§ \n'), maxLength: 20 });

function redactorFor(...secrets: string[]) {
  const redactor = createRedactor();
  for (const known of secrets) redactor.learn(known);
  return redactor;
}

describe('known secrets', () => {
  it('are hidden from the moment they are known, also in a text that was harmless before, and from whom they concern', () => {
    const redactor = createRedactor();
    const text = 'canary-4f1d9a7c2e';
    expect(redactor.redactText(text)).toBe(text);
    expect(redactor.redact({ [text]: text })).toEqual({ [text]: text });

    redactor.learn(text, 'tenant-a');
    expect(redactor.redactText(text, 'tenant-b')).toBe(text);
    expect(redactor.redactText(text, 'tenant-a')).toBe(redacted);
    expect(redactor.redactText(text)).toBe(redacted);

    redactor.learn(text, 'tenant-b');
    expect(redactor.redact({ [text]: text }, 'tenant-b')).toEqual({ [redacted]: redacted });
  });

  it('are hidden wherever they stand in a text, and the rest stays', () => {
    fc.assert(
      fc.property(secret, around, around, (known, before, after) => {
        const text = `${before}${known}${after}${known}`;

        expect(redactorFor(known).redactText(text)).toBe(`${before}${redacted}${after}${redacted}`);
      }),
    );
  });

  it('are hidden in base64 at any alignment, in both alphabets, with whatever stands beside them', () => {
    const beside = fc.uint8Array({ maxLength: 7 });
    fc.assert(
      fc.property(secret, beside, beside, fc.constantFrom('base64', 'base64url'), (known, before, after, encoding) => {
        fc.pre(known.length >= 12);
        const encoded = Buffer.concat([before, Buffer.from(known), after]).toString(encoding as BufferEncoding);

        const safe = redactorFor(known).redactText(`value ${encoded} end`);

        expect(safe).toContain(redacted);
        // At most the characters shared with the neighbours are left on each side.
        const left = safe.replace('value ', '').replace(' end', '').replaceAll('=', '').split(redacted);
        expect(Buffer.from(left.join(''), 'base64').toString('latin1')).not.toContain(known.slice(3, -3));
        expect(left.join('').length).toBeLessThanOrEqual(((before.length + after.length) * 4) / 3 + 6);
      }),
    );
  });

  it('are hidden percent-encoded, form-encoded and inside JSON text', () => {
    const key = '-----BEGIN KEY-----\nabc "quoted" + ümlaut / 100%\n-----END KEY-----';
    const { redactText } = redactorFor(key);

    for (const text of [
      encodeURIComponent(key),
      new URLSearchParams({ v: key }).toString(),
      JSON.stringify({ a: key }),
    ]) {
      expect(redactText(text)).toContain(redacted);
      expect(redactText(text)).not.toContain('quoted');
    }
  });

  it('are recognised when a length limit has cut them off', () => {
    const { redactText } = redactorFor('s3cret-that-is-rather-long-0123456789');

    expect(redactText('failed: s3cret-that-is-rathe')).toBe(`failed: ${redacted}`);
    expect(redactText('failed: s3cret-that-')).toBe('failed: s3cret-that-');
  });

  it('of fewer than 8 characters are left to the names of their fields', () => {
    const redactor = redactorFor('on');

    expect(redactor.redact({ note: 'turned on', password: 'on' })).toEqual({ note: 'turned on', password: redacted });
  });

  it('of one tenant do not black out what another tenant reads', () => {
    const redactor = createRedactor();
    redactor.learn('integration.create', 'tenant-a');
    redactor.learn('platform-wide-secret');
    const text = 'integration.create platform-wide-secret';

    expect(redactor.redactText(text, 'tenant-b')).toBe(`integration.create ${redacted}`);
    expect(redactor.redactText(text, 'tenant-a')).toBe(`${redacted} ${redacted}`);
    expect(redactor.redactText(text)).toBe(`${redacted} ${redacted}`);
  });

  it('are bounded in number: the longest unseen goes first', () => {
    const redactor = createRedactor({ maxSecrets: 3 });
    for (const known of ['secret-one', 'secret-two', 'secret-three', 'secret-one', 'secret-four'])
      redactor.learn(known);

    expect(redactor.redactText('secret-one,secret-two,secret-three,secret-four')).toBe(
      `${redacted},secret-two,${redacted},${redacted}`,
    );
  });

  it('that all begin alike do not make the search long; whatever begins so is hidden', () => {
    const redactor = createRedactor();
    for (let number = 0; number < 200; number += 1) redactor.learn(`same-beginning-${number}`);

    expect(redactor.redactText('a same-beginning-of-another b')).toBe(`a ${redacted} b`);
  });
});

describe('names and patterns', () => {
  it('hide a field by its name in any spelling, and keep numbers and flags', () => {
    const names = [
      'password',
      'Authorization',
      'X-Api-Key',
      'clientSecret',
      'refresh_token',
      'Set-Cookie',
      'PRIVATE-TOKEN',
    ];
    const fields = Object.fromEntries(names.map((name) => [name, 'hunter2']));

    expect(
      createRedactor().redact({ ...fields, maxTokens: 5, hasSecret: true, tokenUrl: 'https://a.example/t' }),
    ).toEqual({
      ...Object.fromEntries(names.map((name) => [name, redacted])),
      maxTokens: 5,
      hasSecret: true,
      tokenUrl: 'https://a.example/t',
    });
  });

  it('hide every text under such a name, and the key of an api_key credential only there', () => {
    const value = {
      cookies: ['a=b', { deep: 'c' }],
      credential: { kind: 'api_key', key: 'abc' },
      item: { kind: 'setting', key: 'theme' },
    };

    expect(createRedactor().redact(value)).toEqual({
      cookies: [redacted, { deep: redacted }],
      credential: { kind: 'api_key', key: redacted },
      item: { kind: 'setting', key: 'theme' },
    });
  });

  it.each([
    ['authorization: Bearer abcDEF123456', 'authorization: Bearer [redacted]'],
    ['sent Basic dXNlcjpwYXNz then', 'sent Basic [redacted] then'],
    ['https://user:pass@host.example/a@b', 'https://[redacted]@host.example/a@b'],
    ['GET /x?access_token=abc&page=2', 'GET /x?access_token=[redacted]&page=2'],
    ['{"user":"u","password":"a\\"b","n":1}', '{"user":"u","password":"[redacted]","n":1}'],
    ['"{\\"client_secret\\":\\"a\\\\\\"b\\"}"', '"{\\"client_secret\\":\\"[redacted]\\"}"'],
    [`key ihk_abcdefghijkm_${'x'.repeat(43)}.`, 'key ihk_abcdefghijkm_[redacted].'],
    ['jwt eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln!', 'jwt [redacted]!'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nnext', '[redacted]\nnext'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE cut of', '[redacted]'],
  ])('hide what gives itself away: %j', (text, expected) => {
    expect(createRedactor().redactText(text)).toBe(expected);
  });

  it.each([
    'Basic authentication failed for registry.example.com',
    'Bearer realm="https://auth.example.com/token",service="registry"',
    'docker://registry.example.com/team/app@sha256:0123456789abcdef',
    'the token has expired; ask for a new secret',
    '{"status":"ok","tokens":12}',
  ])('leave prose alone: %j', (text) => {
    expect(createRedactor().redactText(text)).toBe(text);
  });
});

describe('redact', () => {
  it('gives back the very same object when there is nothing to hide', () => {
    const value = { a: [1, 'two', { three: null }], at: new Date(0) };

    expect(redactorFor('another-secret').redact(value)).toBe(value);
  });

  it('leaves the original as it was and shares what did not change', () => {
    const value = { same: { deep: 1 }, password: 'x' };

    const safe = createRedactor().redact(value) as typeof value;

    expect(value.password).toBe('x');
    expect(safe.same).toBe(value.same);
  });

  it('reads errors with their causes, maps, sets, headers and URLs', () => {
    const { redact } = redactorFor('top-secret-value');
    const error = Object.assign(new Error('no top-secret-value', { cause: new Error('top-secret-value') }), {
      code: 'E1',
    });

    const safe = redact({
      error,
      map: new Map([['token', 'a']]),
      set: new Set(['top-secret-value']),
      headers: new Headers({ authorization: 'x', accept: 'y' }),
      url: new URL('https://u:p@host.example/top-secret-value'),
      bytes: Buffer.from('top-secret-value'),
    });

    expect(JSON.stringify(safe)).not.toContain('top-secret-value');
    expect(safe).toMatchObject({
      error: { type: 'Error', message: `no ${redacted}`, code: 'E1', cause: { message: redacted } },
      map: { token: redacted },
      set: [redacted],
      headers: { authorization: redacted, accept: 'y' },
      url: `https://${redacted}@host.example/${redacted}`,
      bytes: '[16 bytes]',
    });
  });

  it('cuts what is circular, too deep, too wide, too long or unreadable, and never throws', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    let deep: unknown = 'end';
    for (let level = 0; level < 100; level += 1) deep = { deep };
    const hostile = Object.defineProperty({}, 'trap', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    const { redact } = createRedactor();

    expect(redact(circular)).toEqual({ self: '[circular]' });
    expect(JSON.stringify(redact(deep))).toContain('[cut]');
    expect((redact(Array.from({ length: 20_000 }, () => ({ a: 1 }))) as unknown[]).at(-1)).toBe('[cut]');
    expect(redact('x'.repeat(1_000_001))).toBe('[1000001 characters]');
    expect(redact({ hostile })).toEqual({ hostile: '[unreadable]' });
    fc.assert(
      fc.property(
        fc.anything({ withMap: true, withSet: true, withDate: true, withBigInt: true }),
        (value) => void redact(value),
      ),
    );
  });

  it('lets no known secret through, whatever the shape of the value', () => {
    fc.assert(
      fc.property(secret, fc.anything({ withMap: true, withSet: true }), fc.object(), (known, one, other) => {
        const value = {
          one,
          list: [known, { [known]: known }],
          map: new Map([[known, { nested: `x${known}` }]]),
          other,
        };

        const safe = JSON.stringify(redactorFor(known).redact(value), (_name, item) =>
          typeof item === 'bigint' ? `${item}` : item,
        );

        expect(safe).not.toContain(JSON.stringify(known).slice(1, -1));
      }),
    );
  });
});
