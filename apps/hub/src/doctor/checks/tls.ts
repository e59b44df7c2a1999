import { HubError } from '@inthub/contracts';
import type { CertificateFacts, ProbeReport, TlsFacts } from '../../egress/egress.ts';
import type { Evidence } from '../evidence.ts';
import { type DoctorCheck, type Finding, notApplicable } from '../finding.ts';
import { detailsOf, nextSteps } from '../next-steps.ts';
import { isUnreal } from './connectivity.ts';

const dayMs = 86_400_000;
const warnBelowDays = 30;

/** Does the certificate's chain validate, and for how long yet? */
export const tls: DoctorCheck = {
  type: 'tls',
  needs: ['connectivity'],
  async run(evidence) {
    if (isUnreal(evidence.integration.config.endpoint)) return notApplicable('There is no connection to secure.');
    const report = await evidence.probe();
    if (report.tls === null) return plainText(evidence, report);
    if (report.tls instanceof HubError) {
      const { code, message } = report.tls;
      return { status: 'fail', message, details: detailsOf(report.tls), suggestions: nextSteps(code) };
    }
    return judge(report.tls, evidence);
  },
};

/** On the way to this very machine nobody listens; elsewhere a credential that travels in clear deserves a warning. */
function plainText({ host, integration }: Evidence, { loopback }: ProbeReport): Finding {
  const details = { scheme: 'http' };
  if (loopback || integration.config.authMode === 'none') {
    return notApplicable(`Skipped: config.endpoint uses http, so ${host} presents no certificate.`, details);
  }
  return {
    status: 'warn',
    message: `Skipped: config.endpoint uses http, so ${host} presents no certificate, and the credential travels unencrypted.`,
    details: { ...details, skipped: true, because: 'http' },
    suggestions: ['Serve the product over https and change config.endpoint.'],
  };
}

function judge(facts: TlsFacts, { host, clock }: Evidence): Finding {
  const [own] = facts.chain;
  const first = earliest(facts.chain);
  const daysLeft = first === undefined ? null : Math.floor((first.validTo.getTime() - clock.now().getTime()) / dayMs);
  const details = {
    protocol: facts.protocol,
    chainValid: facts.authorized,
    authorizationError: facts.authorizationError,
    subject: own?.subject ?? null,
    issuer: own?.issuer ?? null,
    subjectAltName: facts.subjectAltName,
    validFrom: own?.validFrom.toISOString() ?? null,
    validTo: own?.validTo.toISOString() ?? null,
    daysLeft,
  };
  if (!facts.authorized) {
    const message = facts.problem ?? `The certificate of ${host} was not accepted.`;
    return { status: 'fail', message, details, suggestions: nextSteps('provider_tls_invalid') };
  }
  if (daysLeft === null || first === undefined) {
    return { status: 'warn', message: `${host} presents no certificate that can be read.`, details };
  }
  const whose = first === own ? 'The certificate' : `The intermediate certificate ${first.subject}`;
  if (daysLeft >= warnBelowDays) {
    return { status: 'pass', message: `The chain is valid; ${daysLeft} days are left.`, details };
  }
  return {
    status: 'warn',
    message: `${whose} of ${host} expires in ${daysLeft} days (${first.validTo.toISOString().slice(0, 10)}).`,
    details,
    suggestions: ['Renew the certificate at the product before it expires; calls fail from then on.'],
  };
}

/** The first to expire. Roots do not count: they are trusted by being in the store, and a server need not send them. */
function earliest(chain: readonly CertificateFacts[]): CertificateFacts | undefined {
  const [own, ...others] = chain;
  const issued = others.filter(({ subject, issuer }) => subject !== issuer);
  return issued.reduce((least, next) => (least !== undefined && least.validTo <= next.validTo ? least : next), own);
}
