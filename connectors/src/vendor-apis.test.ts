import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface LockedDescription {
  readonly product: string;
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  readonly sha256: string;
}

const root = join(import.meta.dirname, '../..');
const vendorApis = process.env['VENDOR_APIS_DIR'] ?? join(root, '../shared/vendor-apis');
const locked = JSON.parse(readFileSync(join(root, 'connectors/vendor-apis.lock.json'), 'utf8')) as LockedDescription[];
const absent = existsSync(vendorApis) ? '' : ` (absent: ${vendorApis}; set VENDOR_APIS_DIR)`;

describe.skipIf(absent !== '')(`the vendors' descriptions${absent}`, () => {
  it.each(locked)('$path is the one that was locked', ({ path, sha256 }) => {
    expect(
      createHash('sha256')
        .update(readFileSync(join(vendorApis, path)))
        .digest('hex'),
    ).toBe(sha256);
  });
});
