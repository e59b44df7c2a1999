import { connectorCategories } from '@inthub/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admit,
  type CircuitOutcome,
  type CircuitPermit,
  type CircuitRecord,
  createCircuitRecord,
  forceClose,
  forceOpen,
  recordOutcome,
} from './circuit-breaker.ts';
import { circuitDefaults } from './circuit-defaults.ts';

const settings = { failureThreshold: 3, successThreshold: 2, timeoutMs: 1_000, halfOpenMaxRequests: 2 };

function permitOf(record: CircuitRecord, nowMs: number, caller: 'call' | 'test' = 'call'): CircuitPermit {
  const admission = admit(record, settings, caller, nowMs);
  if (!admission.admitted) throw new Error('refused');
  return admission.permit;
}

function settle(record: CircuitRecord, outcome: CircuitOutcome, nowMs = 0, caller: 'call' | 'test' = 'call'): void {
  recordOutcome(record, settings, permitOf(record, nowMs, caller), outcome, nowMs);
}

function opened(): CircuitRecord {
  const record = createCircuitRecord();
  for (let i = 0; i < settings.failureThreshold; i += 1) settle(record, 'failure');
  return record;
}

describe('circuit breaker', () => {
  it('opens after consecutive failures only', () => {
    const record = createCircuitRecord();
    for (const outcome of ['failure', 'failure', 'success', 'failure', 'neutral', 'failure'] as const)
      settle(record, outcome);
    expect(record).toMatchObject({ state: 'closed', failureCount: 2 });

    settle(record, 'failure', 5);

    expect(record).toMatchObject({ state: 'open', openedMs: 5, nextRetryMs: 1_005 });
  });

  it('refuses while open and says for how long', () => {
    expect(admit(opened(), settings, 'call', 400)).toMatchObject({ admitted: false, retryAfterMs: 600, state: 'open' });
  });

  it('lets a bounded number of probes through once the time is up, and closes after enough successes', () => {
    const record = opened();

    const probes = [permitOf(record, 1_000), permitOf(record, 1_000)];
    expect(admit(record, settings, 'call', 1_000)).toMatchObject({ admitted: false, state: 'half_open' });
    for (const permit of probes) recordOutcome(record, settings, permit, 'success', 1_001);

    expect(record).toMatchObject({
      state: 'closed',
      failureCount: 0,
      openedMs: null,
      nextRetryMs: null,
      lastSuccessMs: 1_001,
    });
  });

  it('opens again at the first failing probe; a neutral one only gives its slot back', () => {
    const record = opened();
    settle(record, 'neutral', 1_000);
    expect(record).toMatchObject({ state: 'half_open', probes: 0, successCount: 0 });

    settle(record, 'failure', 1_200);

    expect(record).toMatchObject({ state: 'open', nextRetryMs: 2_200 });
  });

  it('forgets outcomes of calls that began under an earlier state', () => {
    const record = createCircuitRecord();
    const slow = permitOf(record, 0);
    for (let i = 0; i < 3; i += 1) settle(record, 'failure');
    const probe = permitOf(record, 1_000);

    recordOutcome(record, settings, slow, 'failure', 1_001);
    expect(record.state).toBe('half_open');
    recordOutcome(record, settings, probe, 'success', 1_002);
    expect(record.successCount).toBe(1);
  });

  it('lets connection tests through an open breaker; their success lets calls probe at once', () => {
    const record = opened();
    settle(record, 'failure', 100, 'test');
    expect(record).toMatchObject({ state: 'open', nextRetryMs: 1_000 });

    settle(record, 'success', 200, 'test');

    expect(record).toMatchObject({ state: 'half_open', successCount: 1 });
    settle(record, 'success', 201);
    expect(record.state).toBe('closed');
  });

  it('keeps everybody out while an admin holds it open, then probes', () => {
    const record = createCircuitRecord();
    forceOpen(record, 'maintenance', 5_000, 0);

    for (const caller of ['call', 'test'] as const) {
      expect(admit(record, settings, caller, 4_999)).toMatchObject({ admitted: false, forcedReason: 'maintenance' });
    }
    expect(admit(record, settings, 'call', 5_000)).toMatchObject({ admitted: true, state: 'half_open' });
    forceClose(record);
    expect(record).toMatchObject({ state: 'closed', forcedReason: null });
  });

  it('has sensible defaults for every category, those of the requirements to the letter', () => {
    for (const category of connectorCategories) {
      for (const value of Object.values(circuitDefaults[category])) expect(value).toBeGreaterThan(0);
    }
    const shown = ({ failureThreshold, successThreshold, timeoutMs, halfOpenMaxRequests }: typeof settings) =>
      `${failureThreshold}/${successThreshold}/${timeoutMs}/${halfOpenMaxRequests}`;
    expect(shown(circuitDefaults.source_control)).toBe('5/3/30000/3');
    expect(shown(circuitDefaults.model_provider)).toBe('3/2/15000/1');
    expect(shown(circuitDefaults.communication)).toBe('10/3/60000/5');
  });

  it('agrees with a model that only remembers what happened since the last change of state', () => {
    const outcomes = fc.constantFrom<CircuitOutcome>('success', 'failure', 'neutral');
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('admit' as const), caller: fc.constantFrom('call' as const, 'test' as const) }),
        fc.record({ kind: fc.constant('settle' as const), which: fc.nat(), outcome: outcomes }),
        fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 700 }) }),
        fc.record({ kind: fc.constant('force' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
        fc.constant({ kind: 'close' as const }),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const record = createCircuitRecord();
        const out: { permit: CircuitPermit; epoch: number; slot: boolean }[] = [];
        let now = 0;
        let model = { state: 'closed', since: [] as CircuitOutcome[], until: 0, forced: false, epoch: 0 };
        const enter = (state: string, until = 0, forced = false, since: CircuitOutcome[] = []) => {
          model = { state, since, until, forced, epoch: model.epoch + 1 };
        };
        for (const step of sequence) {
          if (step.kind === 'wait') now += step.ms;
          if (step.kind === 'force') {
            forceOpen(record, 'why', step.ms, now);
            enter('open', now + step.ms, true);
          }
          if (step.kind === 'close') {
            forceClose(record);
            enter('closed');
          }
          if (step.kind === 'admit') {
            if (model.state === 'open' && now >= model.until) enter('half_open');
            const slots = out.filter(({ epoch, slot }) => slot && epoch === model.epoch).length;
            const passes =
              model.state === 'closed' ||
              (step.caller === 'test' && !model.forced) ||
              (model.state === 'half_open' && slots < settings.halfOpenMaxRequests);
            const admission = admit(record, settings, step.caller, now);
            expect(admission.admitted).toBe(passes);
            if (admission.admitted)
              out.push({ permit: admission.permit, epoch: model.epoch, slot: admission.permit.slot });
            else expect(admission.retryAfterMs).toBeGreaterThan(0);
          }
          const held =
            step.kind === 'settle' ? out.splice(out.length === 0 ? 0 : step.which % out.length, 1)[0] : undefined;
          if (step.kind === 'settle' && held !== undefined) {
            recordOutcome(record, settings, held.permit, step.outcome, now);
            if (held.epoch === model.epoch && step.outcome !== 'neutral') {
              model.since.push(step.outcome);
              const last = model.since.slice(-settings.failureThreshold);
              if (
                model.state === 'closed' &&
                last.length === settings.failureThreshold &&
                last.every((o) => o === 'failure')
              ) {
                enter('open', now + settings.timeoutMs);
              } else if (model.state === 'open' && step.outcome === 'success') {
                enter('half_open', 0, false, ['success']);
              } else if (model.state === 'half_open' && step.outcome === 'failure') {
                enter('open', now + settings.timeoutMs);
              }
              const successes = model.since.filter((o) => o === 'success').length;
              if (model.state === 'half_open' && successes >= settings.successThreshold) enter('closed');
            }
          }
          expect(record.state).toBe(model.state);
          expect(record.probes).toBeLessThanOrEqual(settings.halfOpenMaxRequests);
          expect(record.probes).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
