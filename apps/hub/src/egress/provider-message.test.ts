import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromResponse } from './from-response.ts';
import { providerMessage } from './provider-message.ts';
import { redactText } from './redact.ts';

const says = (body: unknown, secrets: string[] = []) =>
  providerMessage(JSON.stringify(body), 'application/json', secrets);

describe('providerMessage', () => {
  it.each([
    [{ type: 'about:blank', title: 'Bad', detail: 'Field x is missing.' }, 'Field x is missing.'],
    [{ message: 'Not Found', documentation_url: 'https://docs' }, 'Not Found'],
    [
      { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: { Tag: 'v9' } }] },
      'MANIFEST_UNKNOWN: manifest unknown',
    ],
    [
      { errors: [{ message: 'one' }, { message: 'two' }, { message: 'three' }, { message: 'four' }] },
      'one; two; three',
    ],
    [{ error: 'invalid_grant', error_description: 'The token was revoked' }, 'The token was revoked'],
    [{ error: { message: 'model overloaded', type: 'overloaded_error' } }, 'model overloaded'],
    [{ errors: { name: ['has already been taken'] } }, 'name: has already been taken'],
    [{ message: { base: ['is closed'] } }, 'base: is closed'],
    [
      {
        message: 'Validation Failed',
        errors: [
          { resource: 'Issue', field: 'title', code: 'missing_field' },
          { resource: 'PullRequest', code: 'custom', message: 'No commits between main and main' },
        ],
      },
      'Validation Failed: title missing_field; No commits between main and main',
    ],
    [{ message: 'Invalid', errors: ['Name is taken', 'Path is taken'] }, 'Invalid: Name is taken; Path is taken'],
    [{ message: 'same', errors: [{ message: 'same' }] }, 'same'],
    ['just text', undefined],
    [{ irrelevant: 1 }, undefined],
    [{ message: '   ' }, undefined],
    [[], undefined],
    [{ message: 'a\u0000b\r\nc\u202Ed\u200be' }, 'a b c d e'],
  ])('finds it in %j', (body, expected) => {
    expect(says(body)).toBe(expected);
  });

  it('takes plain text, not web pages, not binary, not half a document', () => {
    expect(providerMessage('upstream failed\nmore', 'text/plain; charset=utf-8', [])).toBe('upstream failed more');
    expect(providerMessage('upstream failed', undefined, [])).toBe('upstream failed');
    expect(providerMessage('<html><title>502</title>', 'text/html', [])).toBeUndefined();
    expect(providerMessage('PK\u0003\u0004', 'application/zip', [])).toBeUndefined();
    expect(providerMessage('{"message": "cut o', 'application/json', [])).toBeUndefined();
  });

  it('is one short printable line without the secret, whatever the provider sends', () => {
    const secret = 'hunter2-very-secret';
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.constant(`${'x'.repeat(190)}${secret}`));
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 5 }), (part, depth) => {
        let body: unknown = { message: `${part} ${secret}` };
        for (let at = 0; at < depth; at += 1) body = { errors: [body] };
        const said = says(body, [secret]) ?? '';
        expect(said.length).toBeLessThanOrEqual(200);
        expect(said).toBe(said.toWellFormed());
        expect(said).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(said).not.toContain('hunter2');
      }),
    );
  });
});

describe('redactText', () => {
  it.each([
    ['Authorization: Bearer abcdefgh12345', 'abcdefgh12345'],
    ['https://ann:pa55word@host/x', 'pa55word'],
    ['token eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl here', 'eyJhbGciOi'],
    ['{"password":"pa55word"}', 'pa55word'],
    ['?api_key=pa55word&x=1', 'pa55word'],
    ['-----BEGIN PRIVATE KEY-----\nMIIabc', 'MIIabc'],
  ])('blots out %s', (text, secret) => {
    expect(redactText(text, [])).not.toContain(secret);
  });

  it('blots out what it is told, as it looks in URLs and in JSON too', () => {
    const secret = 'p/ss "w"rd';

    const clean = redactText(`${secret} ${encodeURIComponent(secret)} ${JSON.stringify(secret)}`, [secret]);

    expect(clean).toBe('[redacted] [redacted] "[redacted]"');
    expect(redactText('a cat sat', ['a', 'at'])).toBe('a cat sat');
  });
});

describe('fromResponse', () => {
  const base = {
    host: 'api.example.com',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{}'),
    rateLimit: undefined,
    now: new Date('2026-11-21T10:00:00Z'),
    secrets: [],
    authenticated: true,
  };

  it.each([
    [400, 'provider_rejected', 'caller'],
    [401, 'provider_unauthenticated', 'configuration'],
    [403, 'provider_forbidden', 'configuration'],
    [404, 'provider_not_found', 'caller'],
    [408, 'provider_timeout', 'provider'],
    [409, 'provider_conflict', 'caller'],
    [412, 'provider_conflict', 'caller'],
    [422, 'provider_rejected', 'caller'],
    [429, 'provider_rate_limited', 'provider'],
    [500, 'provider_unavailable', 'provider'],
    [504, 'provider_timeout', 'provider'],
    [304, 'provider_bad_response', 'provider'],
  ] as const)('maps %i to %s, to be blamed on the %s', (status, code, blame) => {
    expect(fromResponse({ ...base, status })).toMatchObject({
      code,
      blame,
      details: { host: 'api.example.com', status },
    });
  });

  it('keeps the raw answer for the audit only: bounded, and without the secret', () => {
    const body = Buffer.from(JSON.stringify({ message: 'no', echo: 'hunter2-secret', padding: 'x'.repeat(20_000) }));

    const error = fromResponse({ ...base, status: 400, body, secrets: ['hunter2-secret'] });

    expect(error.message).toBe('api.example.com answered 400: no.');
    expect(error.cause).toMatchObject({ status: 400, contentType: 'application/json' });
    const kept = (error.cause as { body: string }).body;
    expect(kept.length).toBe(8_192);
    expect(kept).not.toContain('hunter2');
  });

  it('tells a limit by its headers, and when it ends', () => {
    const resetAt = new Date('2026-11-21T10:01:00Z');

    expect(fromResponse({ ...base, status: 403, rateLimit: { remaining: 0, resetAt } })).toMatchObject({
      code: 'provider_rate_limited',
      retryAfterMs: 60_000,
    });
    expect(fromResponse({ ...base, status: 403, rateLimit: { remaining: 7, resetAt } }).code).toBe(
      'provider_forbidden',
    );
    expect(fromResponse({ ...base, status: 404, rateLimit: { retryAfterMs: 5 } }).retryAfterMs).toBeUndefined();
  });

  it('takes a 403 that speaks of a rate limit for one, and waits a minute where no header says how long', () => {
    // docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api, "Exceeding the rate limit".
    const body = Buffer.from(JSON.stringify({ message: 'You have exceeded a secondary rate limit. Please wait.' }));
    const rateLimit = { limit: 5000, remaining: 4990 };

    expect(fromResponse({ ...base, status: 403, body, rateLimit })).toMatchObject({
      code: 'provider_rate_limited',
      retryAfterMs: 60_000,
      retryable: true,
    });
    expect(
      fromResponse({ ...base, status: 403, body, rateLimit: { ...rateLimit, retryAfterMs: 7_000 } }),
    ).toMatchObject({
      retryAfterMs: 7_000,
    });
  });

  it('names the missing scope where the answer tells', () => {
    const scopeHeaders = {
      granted: 'X-OAuth-Scopes',
      needed: ['X-Accepted-OAuth-Scopes', 'X-Accepted-GitHub-Permissions'],
    };
    const refused = (headers: Record<string, string>) => fromResponse({ ...base, status: 403, headers, scopeHeaders });

    const classic = refused({ 'x-oauth-scopes': 'read:org, gist', 'x-accepted-oauth-scopes': 'repo' });
    expect(classic.message).toContain('It takes the scope repo; the credential has read:org, gist.');
    expect(classic.details).toMatchObject({ neededScopes: ['repo'], grantedScopes: ['read:org', 'gist'] });
    expect(refused({ 'x-accepted-github-permissions': 'checks=write' }).message).toContain(
      'It takes the scope checks=write.',
    );
    expect(
      refused({ 'www-authenticate': 'Bearer realm="x", error="insufficient_scope", scope="api read_api"' }),
    ).toMatchObject({
      message: expect.stringContaining('It takes the scope api or read_api.'),
      details: { neededScopes: ['api', 'read_api'] },
    });
    // The scope is there, so something else is amiss.
    expect(refused({ 'x-oauth-scopes': 'repo', 'x-accepted-oauth-scopes': 'repo' }).message).not.toContain('It takes');
    expect(refused({ 'x-accepted-oauth-scopes': ' , ;\u0007"' }).message).toContain('may lack a permission');
  });
});
