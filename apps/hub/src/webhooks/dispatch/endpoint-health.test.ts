import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultCircuit, type EndpointOutcome, healthy, judge } from './endpoint-health.ts';

const rules = {
  disabling: { windowMinutes: 60, failureRate: 0.9, minAttempts: 20 },
  circuit: { threshold: 3, openMs: 1_000, maxOpenMs: 4_000 },
};
const fault: EndpointOutcome = { kind: 'fault' };
const success: EndpointOutcome = { kind: 'success' };
const times = (count: number, outcome: EndpointOutcome) => Array.from({ length: count }, () => outcome);

describe('endpoint health', () => {
  it('opens the circuit after some faults in a row, longer each time, and says so once', () => {
    const first = judge(healthy, times(3, fault), 0, rules);
    const second = judge(first.health, [fault], 1_000, rules);
    const third = judge(second.health, [fault], 3_000, rules);
    const fourth = judge(third.health, [fault], 7_000, rules);

    expect(first.news).toEqual(['failing']);
    expect([first, second, third, fourth].map(({ health }) => health.blockedUntilMs)).toEqual([
      1_000, 3_000, 7_000, 11_000,
    ]);
    expect([second, third, fourth].flatMap(({ news }) => news)).toEqual([]);
  });

  it('opens once for attempts that were under way together', () => {
    expect(judge(healthy, times(10, fault), 0, rules).health).toMatchObject({ openings: 1, blockedUntilMs: 1_000 });
  });

  it('closes with the first success and says so', () => {
    const failing = judge(healthy, times(3, fault), 0, rules).health;

    expect(judge(failing, [success], 1_000, rules)).toEqual({
      health: { ...healthy, slices: [[0, 4, 3]] },
      news: ['recovered'],
    });
  });

  it('counts the endpoint’s own faults only', () => {
    expect(judge(healthy, times(50, { kind: 'other' }), 0, rules)).toEqual({ health: healthy, news: [] });
  });

  it('switches off when most of many attempts failed within the window', () => {
    const nearly = judge(healthy, times(19, fault), 0, rules);
    const enough = judge(nearly.health, [fault], 10_000, rules);
    const later = judge(nearly.health, [fault], 3_700_000, rules);
    const mixed = judge(judge(healthy, times(5, success), 0, rules).health, times(20, fault), 0, rules);

    expect(nearly.news).toEqual(['failing']);
    expect(enough.news).toEqual(['failure_rate']);
    expect(later.news).toEqual([]);
    expect(mixed.news).toEqual(['failing']);
  });

  it('switches off at once when the endpoint is gone, and pauses when asked to', () => {
    expect(judge(healthy, [{ kind: 'fault', gone: true }], 0, rules).news).toEqual(['gone']);
    expect(judge(healthy, [{ kind: 'other', pauseMs: 500 }], 100, rules).health.blockedUntilMs).toBe(600);
  });

  const outcome = fc.constantFrom<EndpointOutcome>(success, fault, { kind: 'other' });

  it('is the same for one batch as for attempts one by one, except that a batch opens the circuit once', () => {
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 30 }), (outcomes) => {
        const never = { disabling: null, circuit: defaultCircuit };
        const together = judge(healthy, outcomes, 0, never);
        let health = healthy;
        const news = outcomes.flatMap((one) => {
          const change = judge(health, [one], 0, never);
          health = change.health;
          return change.news;
        });
        expect(together).toEqual({ health, news });
      }),
    );
  });
});
