import { createMockGateway, type Reply } from '@inthub/connector-sdk/testing';
import { describe, expect, it } from 'vitest';
import { hashicorpVault } from './connector.ts';

const endpoint = 'https://vault.example.com:8200';
const health = { initialized: true, sealed: false, standby: false, version: '1.20.4' };
/** A Vault whose health is as given and which answers everything else alike. */
const gateway = (reply: Reply, state: object = health) =>
  createMockGateway({
    connector: hashicorpVault,
    config: { endpoint },
    respond: ({ url }) => (url.pathname === '/v1/sys/health' ? { json: state } : reply),
  });

describe('what Vault’s refusals mean', () => {
  it.each([
    [401, 'provider_unauthenticated', 'refused the credential. It may be wrong, expired or revoked. '],
    [403, 'provider_forbidden', 'refused the token. It may be wrong, expired or revoked, or of another namespace.'],
    [400, 'provider_rejected', 'refused the login: '],
    [503, 'provider_unavailable', 'fails to answer properly. Look at its logs and seal status.'],
  ])('%i is told in its own words, by test and check alike', async (status, code, words) => {
    const reply = { status, json: { errors: ['invalid role or secret ID'] } };

    const report = await gateway(reply).testConnection();
    expect(report).toMatchObject({
      success: false,
      details: { version: '1.20.4', sealed: false, step: 'token', code },
    });
    expect(report.message).toContain(`Vault at vault.example.com:8200 ${words}`);

    const outcome = await gateway(reply).check('hashicorp_vault.token');
    expect(outcome).toMatchObject({ status: 'fail', details: { code } });
    expect(report.message).toBe(`${outcome.message} ${outcome.suggestions?.[0]}`);
  });

  it('says what to run for a Vault that was never initialised', async () => {
    const report = await gateway({ status: 503 }, { ...health, initialized: false, sealed: true }).testConnection();

    expect(report).toMatchObject({ success: false, details: { sealed: true, initialized: false } });
    expect(report.message).toContain('vault operator init');
  });
});
