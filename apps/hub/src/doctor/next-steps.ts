import type { ErrorCode, HubError } from '@inthub/contracts';

/** What to do about an error, by its code; where the code alone says too little, its message already names the setting. */
const steps: Partial<Record<ErrorCode, readonly string[]>> = {
  provider_unreachable: [
    'Check that the product is running, and that config.endpoint has the right host and port.',
    'Check routes and firewalls between the hub and the product; where a proxy is needed, set config.network.proxyUrl.',
  ],
  provider_timeout: [
    'Check the load of the product and the network on the way to it; config.timeout can be raised for slow products.',
  ],
  deadline_exceeded: ['Check the load of the product and the network on the way to it.'],
  proxy_failed: ['Check config.network.proxyUrl, and ask the operator of the proxy whether it may reach this host.'],
  egress_denied: [
    'If this address is meant, the operator of the hub can allow it with HUB_EGRESS_ALLOW; else correct config.endpoint.',
  ],
  provider_tls_invalid: [
    'Renew or correct the certificate at the product; for a private authority, put its certificate into config.network.caCertificate.',
  ],
  credential_unavailable: [
    'Store a credential (POST /api/v1/connectors/instances/{id}/auth), or correct authRef or config.authMode.',
  ],
  provider_unauthenticated: [
    'The credential may be wrong, expired or revoked: make a new one at the product and store it (POST /api/v1/connectors/instances/{id}/auth).',
  ],
  provider_forbidden: ['Give the account or token behind the credential the missing permission at the product.'],
  provider_not_found: ['Check the path in config.endpoint: something answers there, but not this product.'],
  provider_bad_response: [
    'Check config.endpoint: what answers there does not speak like this product (a login page or a proxy may be in between).',
  ],
  provider_unavailable: ['Look at the product’s status page and logs, then run the doctor again.'],
  provider_rate_limited: [
    'Wait until the limit is renewed, then run the doctor again; lower rateLimits of the integration if this repeats.',
  ],
  circuit_open: ['An admin has stopped calls to this integration; close the circuit to test it.'],
  rate_limited: ['The hub’s own limits are used up; wait a moment, then run the doctor again.'],
  connector_unavailable: [
    'Load the connector again (a plugin may be missing from PLUGINS_DIR, or broken: see GET /api/v1/connectors/registry).',
  ],
  connector_failed: ['This is a fault in the connector: report it with the request id, or use another version of it.'],
  offline: ['The operator can end offline mode with HUB_OFFLINE=false.'],
  unavailable: ['The hub is busy or stopping; run the doctor again in a moment.'],
};

export function nextSteps(code: ErrorCode): readonly string[] {
  return steps[code] ?? ['Correct what the message names, then run the doctor again.'];
}

/** What an error tells an operator, beside its message. */
export function detailsOf({ code, blame, retryable, details }: HubError): Readonly<Record<string, unknown>> {
  return { ...details, code, blame, retryable };
}
