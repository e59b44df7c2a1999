import { type DoctorCheck, notApplicable } from '../finding.ts';

/** Can a TCP connection be made? Through the egress policy, pinned DNS and the proxy, as every call is. */
export const connectivity: DoctorCheck = {
  type: 'connectivity',
  needs: [],
  async run({ host, integration, probe }) {
    if (isUnreal(integration.config.endpoint)) {
      return notApplicable(`${host} does not exist on any network (RFC 6761); there is nothing to connect to.`);
    }
    const { address, connectMs, proxy, reached } = await probe();
    const details = { host, address, connectMs: round(connectMs), proxy };
    const ms = round(connectMs);
    if (reached === 'proxy') {
      const message = `The proxy ${proxy} accepts connections in ${ms} ms; it connects to ${host} only when a request is sent.`;
      return { status: 'pass', message, details };
    }
    const via = proxy === null ? '' : ` through the proxy ${proxy}`;
    return { status: 'pass', message: `${host} accepts connections${via} (${address}, ${ms} ms).`, details };
  },
};

/** Names under `.invalid` never resolve (RFC 6761 §6.4): doubles use them where no product stands behind an integration. */
export function isUnreal(endpoint: string): boolean {
  return URL.canParse(endpoint) && /(?:^|\.)invalid\.?$/.test(new URL(endpoint).hostname);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
