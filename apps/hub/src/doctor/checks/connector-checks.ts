import type { ConnectorDefinition } from '@inthub/connector-sdk';
import type { DoctorCheck } from '../finding.ts';

const maxChecks = 30;

/** The connector's own checks, run by the gateway under its limits, credentials and audit. */
export function connectorChecks(connector: ConnectorDefinition | undefined): readonly DoctorCheck[] {
  return (connector?.checks ?? []).slice(0, maxChecks).map(({ id }) => ({
    type: id,
    needs: ['authentication'],
    run: (evidence) => evidence.check(id),
  }));
}
