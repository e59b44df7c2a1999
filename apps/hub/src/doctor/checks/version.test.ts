import { describe, expect, it } from 'vitest';
import { sampleManifest } from '../../runtime/testing.ts';
import { createTestEvidence } from '../testing.ts';
import { compareVersions, version } from './version.ts';

const check = (targetApiVersion: string, details: Record<string, unknown>) => {
  const metadata = { ...sampleManifest.metadata, targetApiVersion };
  return version.run(createTestEvidence({ connector: { manifest: { metadata } }, test: { details } }));
};

describe('the version check', () => {
  it.each([
    ['v2.0', 'v2.0', 'same'],
    ['v2.3', 'v2.0', 'same'],
    ['2', 'v2.0', 'same'],
    ['distribution-spec 1.0', 'distribution-spec 1.1', 'older'],
    ['v1', 'v2.0', 'older'],
    ['v3', 'v2.0', 'other'],
    ['2022-11-28', '2022-11-28', 'same'],
    ['2021-01-01', '2022-11-28', 'older'],
    ['beta', 'beta', 'same'],
    ['beta', 'alpha', 'other'],
  ] as const)('finds %s beside %s %s', (found, target, expected) => {
    expect(compareVersions(found, target)).toBe(expected);
  });

  it.each([
    ['v2.0', { apiVersion: 'v2.1' }, 'pass', 'v2.1'],
    ['v2.0', { apiVersion: 'v1' }, 'fail', 'older'],
    ['v2.0', { apiVersion: 3 }, 'warn', 'is not v2.0'],
    ['v2.0', { version: 'v2.11.1' }, 'pass', 'as the connector was made for'],
    ['v4', { version: '17.5.0' }, 'pass', 'does not tell its API'],
    ['v4', {}, 'pass', 'does not tell its version'],
    ['v4', { version: { major: 4 } }, 'pass', 'does not tell its version'],
  ])('made for %s, told %j, is %s', async (target, details, status, words) => {
    expect(await check(target, details)).toMatchObject({ status, message: expect.stringContaining(words) });
  });
});
