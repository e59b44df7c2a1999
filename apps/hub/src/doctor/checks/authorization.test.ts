import { defineAction, type RequiredPermission } from '@inthub/connector-sdk';
import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { createTestEvidence, type EvidenceParts } from '../testing.ts';
import { authorization } from './authorization.ts';

const need = (scope: string, required: boolean): RequiredPermission => ({
  scope,
  required,
  description: `Use ${scope}.`,
  justification: 'It is needed.',
});
const scan = defineAction({
  id: 'sample.scan',
  title: 'Scan',
  description: 'Scans.',
  input: Type.Object({}),
  output: Type.Object({}),
  safe: true,
  requiredScopes: ['scan'],
  run: async () => ({}),
});
const connector: EvidenceParts['connector'] = {
  actions: [scan],
  manifest: { requiredPermissions: [need('pull', true), need('list', false)] },
};
const check = (parts: EvidenceParts) => authorization.run(createTestEvidence({ connector, ...parts }));

describe('the authorization check', () => {
  it('names every scope that is missing, and what works without it', async () => {
    const finding = await check({ test: { details: { scopes: ['list'] } } });

    expect(finding).toMatchObject({
      status: 'fail',
      message: 'Missing: pull.',
      details: { missing: ['pull'], missingOptional: [], unusableActions: ['sample.scan'] },
    });
    expect(finding.suggestions?.[0]).toContain('Grant pull at the product: Use pull.');
  });

  it('warns of what cannot be used for want of an optional scope', async () => {
    const finding = await check({ test: { details: { scopes: ['pull'] } } });

    expect(finding).toMatchObject({ status: 'warn', details: { missingOptional: ['list'] } });
    expect(finding.message).toContain('list, sample.scan');
  });

  it('passes when everything is granted', async () => {
    expect(await check({ test: { details: { scopes: ['pull', 'list', 'scan', 'more'] } } })).toMatchObject({
      status: 'pass',
    });
  });

  it('says so when the product does not tell', async () => {
    const finding = await check({});

    expect(finding).toMatchObject({ status: 'pass', details: { granted: null, required: ['pull'] } });
    expect(finding.message).toContain('does not tell');
  });

  it('fails when the product forbade the test', async () => {
    const test = { success: false, message: 'Not allowed.', details: { code: 'provider_forbidden' } };

    expect(await check({ test })).toMatchObject({ status: 'fail', message: 'Not allowed.' });
  });

  it('knows the hub’s own grant', async () => {
    const grant = {
      grantedCapabilities: [],
      deniedCapabilities: [],
      dataScope: { projects: 'all', dataTypes: [], piiAccess: false },
      networkScope: { allowedDomains: [], blockedDomains: [] },
      grantedBy: 'ada',
      grantedAt: '2026-01-01T00:00:00.000Z',
      reviewedAt: null,
    } as const;
    const scopes = { details: { scopes: ['pull', 'list', 'scan'] } };

    const expired = await check({ test: scopes, grant: { ...grant, expiresAt: '2026-11-21T09:59:59.000Z' } });
    const current = await check({ test: scopes, grant: { ...grant, expiresAt: '2026-11-21T10:00:01.000Z' } });

    expect([expired.status, current.status]).toEqual(['fail', 'pass']);
  });
});
