import { authMethodsOf } from '@inthub/connector-sdk';
import { type ConnectionTestResult, isErrorCode } from '@inthub/contracts';
import type { Evidence } from '../evidence.ts';
import type { DoctorCheck, Finding } from '../finding.ts';
import { nextSteps } from '../next-steps.ts';

/** Does a request with the credential succeed? The connector's connection test, asked now. */
export const authentication: DoctorCheck = {
  type: 'authentication',
  needs: ['connectivity', 'tls'],
  run: async (evidence) => judge(await evidence.test(), evidence),
};

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
