import type { DoctorCheck } from '../finding.ts';

/** Is the product's API of the version that the connector was made for? */
export const version: DoctorCheck = {
  type: 'version',
  needs: ['authentication'],
  async run({ connector, test }) {
    const { details: found } = await test();
    const target = connector?.manifest.metadata.targetApiVersion ?? null;
    const product = textIn(found['version']);
    const api = textIn(found['apiVersion']);
    const details = { targetApiVersion: target, version: product, apiVersion: api };
    if (target === null || (product === null && api === null)) {
      return { status: 'pass', message: `The product does not tell its version; ${madeFor(target)}.`, details };
    }
    if (api === null) {
      // A product's version and its API's are often counted apart, so that a difference proves nothing.
      const message = sameMajor(product, target)
        ? `Version ${product}, as the connector was made for (${target}).`
        : `Version ${product}; the product does not tell its API's version, and ${madeFor(target)}.`;
      return { status: 'pass', message, details };
    }
    const distance = compareVersions(api, target);
    if (distance === 'same') return { status: 'pass', message: `API version ${api}; ${madeFor(target)}.`, details };
    if (distance === 'older') {
      return {
        status: 'fail',
        message: `API version ${api} is older than ${target}, which the connector was made for.`,
        details,
        suggestions: [`Update the product to one that offers API version ${target}.`],
      };
    }
    return {
      status: 'warn',
      message: `API version ${api} is not ${target}, which the connector was made for.`,
      details,
      suggestions: ['Try the actions that matter; look for a newer version of the connector.'],
    };
  },
};

const madeFor = (target: string | null) =>
  target === null ? 'nothing can be compared' : `the connector was made for ${target}`;

/**
 * Compares the first number of each (`v2.0`, `distribution-spec 1.1`, `2022-11-28`), and the second where the first are the same:
 * a newer minor version is compatible, an older one is not.
 */
export function compareVersions(found: string, target: string): 'same' | 'older' | 'other' {
  const [major, minor = 0] = numbersOf(found);
  const [wantedMajor, wantedMinor = 0] = numbersOf(target);
  if (major === undefined || wantedMajor === undefined) return found === target ? 'same' : 'other';
  if (major !== wantedMajor) return major < wantedMajor ? 'older' : 'other';
  return minor < wantedMinor ? 'older' : 'same';
}

function sameMajor(found: string | null, target: string): boolean {
  const [major] = numbersOf(found ?? '');
  return major !== undefined && major === numbersOf(target)[0];
}

function numbersOf(text: string): readonly number[] {
  return /\d{1,9}(?:[.-]\d{1,9})*/.exec(text)?.[0].split(/[.-]/).map(Number) ?? [];
}

function textIn(value: unknown): string | null {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value).slice(0, 100) : null;
}
