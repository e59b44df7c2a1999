import Type from 'typebox';
import { Timestamp } from './timestamp.ts';

/** The doctor's own checks, in their order; a connector's follow under their own ids (`oci.catalog`). */
export const doctorCheckTypes = [
  'connectivity',
  'tls',
  'authentication',
  'authorization',
  'version',
  'rate_limit',
  'latency',
] as const;
export type DoctorCheckType = (typeof doctorCheckTypes)[number];

/** What one check found. A check that was not made is `warn` with `details.skipped: true` and `details.because`. */
export const DoctorCheckResult = Type.Object({
  checkType: Type.String({ description: `${doctorCheckTypes.join(', ')}, or the id of a connector's own check.` }),
  status: Type.Enum(['pass', 'warn', 'fail']),
  message: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
  suggestions: Type.Array(Type.String(), { description: 'What to do next.' }),
  runAt: Timestamp,
  durationMs: Type.Number(),
});
export type DoctorCheckResult = Type.Static<typeof DoctorCheckResult>;

/**
 * `unhealthy`: nothing can be called (connectivity, tls or authentication failed). `degraded`: something else failed or deserves a
 * look, or could not be checked. `healthy`: everything that applies passed.
 */
export const DoctorReport = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    integrationId: Type.String({ format: 'uuid' }),
    overallStatus: Type.Enum(['healthy', 'degraded', 'unhealthy']),
    checks: Type.Array(DoctorCheckResult),
    generatedAt: Timestamp,
  },
  { $id: 'DoctorReport' },
);
export type DoctorReport = Type.Static<typeof DoctorReport>;
