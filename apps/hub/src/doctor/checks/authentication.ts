import { authMethodsOf } from '@inthub/connector-sdk';
import { type ConnectionTestResult, isErrorCode } from '@inthub/contracts';
import type { Expiry } from '../../events/events.ts';
import type { Evidence } from '../evidence.ts';
import type { DoctorCheck, Finding } from '../finding.ts';
import { nextSteps } from '../next-steps.ts';

/** Does a request with the credential succeed? The connector's connection test, asked now. */
export const authentication: DoctorCheck = {
  type: 'authentication',
  needs: ['connectivity', 'tls'],
  async run(evidence) {
    const finding = judge(await evidence.test(), evidence);
    const end = finding.skipped === undefined ? await evidence.credentialEnd() : undefined;
    return end === undefined ? finding : withEnd(finding, end);
  },
};

const warnBelowDays = 30;

/** Of a credential that tells when it ends. One that has is the likely cause of a failure, whatever words the product has for it. */
function withEnd(found: Finding, { kind, expiresAt, daysLeft }: Expiry): Finding {
  const finding = {
    ...found,
    details: { ...found.details, credentialExpiresAt: expiresAt, credentialDaysLeft: daysLeft },
  };
  const whose = kind === 'client_certificate' ? 'The client certificate' : 'The credential';
  const on = expiresAt.slice(0, 10);
  if (daysLeft < 0) {
    return {
      ...finding,
      status: found.status === 'fail' ? 'fail' : 'warn',
      message: `${found.message} ${whose} expired on ${on}.`,
      suggestions: [renew, ...(found.suggestions ?? [])],
    };
  }
  if (found.status !== 'pass' || daysLeft >= warnBelowDays) return finding;
  return {
    ...finding,
    status: 'warn',
    message: `${found.message} ${whose} expires in ${daysLeft} days (${on}).`,
    suggestions: [renew],
  };
}

const renew =
  'Make a new one at the product and put it in its place (POST /api/v1/connectors/instances/{id}/auth, or where authRef points); the integration stays as it is.';

function judge(result: ConnectionTestResult, evidence: Evidence): Finding {
  const { message, latencyMs } = result;
  const { authMode } = evidence.integration.config;
  const details = { authMode, latencyMs, test: result.details };
  if (result.success) return { status: 'pass', message, details };
  const { code } = result.details;
  const known = isErrorCode(code) ? code : undefined;
  if (known === 'offline') {
    return { status: 'warn', message, details, suggestions: nextSteps(known), skipped: 'offline' };
  }
  if (known === 'provider_forbidden') {
    return { status: 'pass', message: 'The product knows the credential, but does not allow everything.', details };
  }
  // A refusal for pace says nothing about the credential.
  if (known === 'provider_rate_limited') {
    return {
      status: 'warn',
      message: `Skipped: ${message}`,
      details,
      suggestions: nextSteps(known),
      skipped: 'refused',
    };
  }
  const suggestions = known === undefined ? ['Correct what the message names.'] : [...nextSteps(known)];
  if (known === 'provider_unauthenticated') suggestions.push(...whereToGetOne(evidence));
  return { status: 'fail', message, details, suggestions };
}

/** The connector's own words about where the credential comes from. */
function whereToGetOne({ connector, integration }: Evidence): string[] {
  const { authMode } = integration.config;
  const methods = connector === undefined ? [] : authMethodsOf(connector.manifest, integration.type);
  const fitting = methods.filter(({ mode, kind }) => mode === authMode && kind !== null);
  return fitting.map(({ title, help }) => `${title}: ${help}`);
}
