import { createHash } from 'node:crypto';
import { HubError } from '@inthub/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkValue,
  type ManifestDescription,
  type RegistryActionId,
  registryActionSpecs,
  type TagResolution,
} from '../index.ts';

/** What the registry under test holds; the suite reads, it never writes. */
export interface RegistryFixtures {
  readonly repository: string;
  /** A single-platform image of that repository. */
  readonly tag: string;
  readonly digest: string;
  readonly mediaType: string;
  /** All tags of the repository. */
  readonly tags: readonly string[];
  /** A multi-platform image, where there is one. */
  readonly index?: {
    readonly repository: string;
    readonly tag: string;
    readonly digest: string;
    readonly platforms: readonly { readonly os: string; readonly architecture: string }[];
  };
  /** Namespace to list repositories of, where the product needs one. */
  readonly namespace?: string;
  /** `host[:port]` under which image references name this registry. */
  readonly host?: string;
  /** A digest whose image has been scanned, for products that scan. */
  readonly scanned?: { readonly repository: string; readonly reference: string };
  /** A tag that the repository lacks. Default `no-such-tag`. */
  readonly missingTag?: string;
}

export interface RegistryConformanceOptions {
  readonly name: string;
  readonly offered: readonly RegistryActionId[];
  /** Called once before the tests. */
  fixtures(): RegistryFixtures | Promise<RegistryFixtures>;
  /** Runs an action as a caller would: gives the output or rejects with an error that has a `code`. */
  run(action: RegistryActionId, input: unknown): Promise<unknown>;
}

interface Listed {
  readonly items: readonly { readonly name: string }[];
  readonly nextCursor: string | null;
}

/** The category suite of registries; runs the same against a fake, a real server and the whole hub. */
export function registryConformance(options: RegistryConformanceOptions): void {
  const { name, offered } = options;
  const run = async <Output>(action: RegistryActionId, input: unknown): Promise<Output> => {
    const output = await options.run(action, input);
    expect(checkValue(registryActionSpecs[action].output, output), `output of ${action}`).toEqual([]);
    return output as Output;
  };
  const has = (...ids: readonly RegistryActionId[]) => ids.every((id) => offered.includes(id));

  describe(`registry conformance of ${name}`, () => {
    let fixtures: RegistryFixtures;
    beforeAll(async () => {
      fixtures = await options.fixtures();
    });

    if (has('repository.list'))
      listing('repository.list', run, () => [{ ...namespaceOf(fixtures) }, [fixtures.repository]]);
    if (has('tag.list')) {
      listing('tag.list', run, () => [{ repository: fixtures.repository }, fixtures.tags]);

      it('tag.list gives every tag of the repository once', async () => {
        const names = await allNames(run, 'tag.list', { repository: fixtures.repository }, 2);

        expect([...names].sort()).toEqual([...fixtures.tags].sort());
      });
    }
    if (has('tag.resolve')) resolving(run, () => fixtures);
    if (has('manifest.get')) manifests(run, () => fixtures);
    if (has('digest.verify')) verifying(run, () => fixtures);
    if (has('scan.get')) {
      it('scan.get sums up the scan of an image', async () => {
        const scanned = fixtures.scanned ?? { repository: fixtures.repository, reference: fixtures.digest };
        const scan = await run<{ status: string; total: number | null; bySeverity: Record<string, number> }>(
          'scan.get',
          scanned,
        );

        const sum = Object.values(scan.bySeverity).reduce((total, count) => total + count, 0);
        expect(scan.total === null ? 0 : scan.total).toBe(sum);
      });
    }
    refusing(offered, run, () => fixtures);
  });
}

type Run = <Output>(action: RegistryActionId, input: unknown) => Promise<Output>;

function listing(action: 'repository.list' | 'tag.list', run: Run, of: () => [object, readonly string[]]): void {
  it(`${action} finds what is there, in pages that end and never repeat`, async () => {
    const [input, expected] = of();

    const small = await allNames(run, action, input, 1);
    const large = await allNames(run, action, input, 500);

    expect(large).toEqual(expect.arrayContaining([...expected]));
    expect(new Set(small).size).toBe(small.length);
    expect([...small].sort()).toEqual([...large].sort());
  });

  it(`${action} refuses a forged cursor`, async () => {
    const [input] = of();
    for (const cursor of ['forged', Buffer.from('{"page":"../../admin","offset":0}').toString('base64url')]) {
      await expect(run(action, { ...input, cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });
}

async function allNames(
  run: Run,
  action: 'repository.list' | 'tag.list',
  input: object,
  limit: number,
): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const page: Listed = await run<Listed>(action, { ...input, limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    names.push(...page.items.map((item) => item.name));
    cursor = page.nextCursor;
    pages += 1;
    if (pages > 2000) throw new HubError('internal', `${action} does not end: ${pages} pages of at most ${limit}.`);
  } while (cursor !== null);
  return names;
}

function resolving(run: Run, fixtures: () => RegistryFixtures): void {
  it('tag.resolve gives the digest by repository and tag, by reference, and again', async () => {
    const { repository, tag, digest, mediaType, host } = fixtures();
    const expected = { repository, tag, digest, manifestType: mediaType };

    const first = await run<TagResolution>('tag.resolve', { repository, tag });
    expect(first).toMatchObject(expected);
    expect(first.sizeBytes).toBeGreaterThan(0);
    expect(await run('tag.resolve', { imageRef: `${repository}:${tag}` })).toEqual(first);
    expect(await run('tag.resolve', { repository, tag, fresh: true })).toMatchObject(expected);
    if (host !== undefined)
      expect(await run('tag.resolve', { imageRef: `${host}/${repository}:${tag}` })).toMatchObject(expected);
    expect(await run('tag.resolve', { imageRef: `${repository}@${digest}` })).toMatchObject({ ...expected, tag: null });
  });

  it('tag.resolve says that a tag or repository does not exist', async () => {
    const { repository, tag, missingTag = 'no-such-tag' } = fixtures();

    await expect(run('tag.resolve', { repository, tag: missingTag })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
    await expect(run('tag.resolve', { repository: `${repository}-absent`, tag })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });

  it('tag.resolve refuses a reference to another registry', async () => {
    const { repository, tag } = fixtures();

    await expect(run('tag.resolve', { imageRef: `registry.invalid/${repository}:${tag}` })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
}

function manifests(run: Run, fixtures: () => RegistryFixtures): void {
  it('manifest.get gives bytes whose hash is the digest, by tag and by digest', async () => {
    const { repository, tag, digest, mediaType } = fixtures();

    const byTag = await run<ManifestDescription>('manifest.get', { repository, reference: tag });
    const byDigest = await run<ManifestDescription>('manifest.get', { repository, reference: digest });

    expect(`sha256:${createHash('sha256').update(byTag.raw).digest('hex')}`).toBe(digest);
    expect(byTag).toMatchObject({
      digest,
      mediaType,
      kind: 'image',
      sizeBytes: Buffer.byteLength(byTag.raw),
      platforms: [],
    });
    expect(byTag.config?.digest).toMatch(/^sha256:/);
    expect(byTag.layers.length).toBeGreaterThan(0);
    expect(byDigest).toEqual({ ...byTag, reference: digest });
  });

  it('manifest.get gives the platforms of an index, each of which can be fetched', async () => {
    const { index } = fixtures();
    if (index === undefined) return;

    const found = await run<ManifestDescription>('manifest.get', { imageRef: `${index.repository}:${index.tag}` });

    expect(found).toMatchObject({ digest: index.digest, kind: 'index', config: null, layers: [] });
    expect(found.platforms.map(({ os, architecture }) => ({ os, architecture }))).toEqual(index.platforms);
    for (const { digest } of found.platforms) {
      expect(await run('manifest.get', { repository: index.repository, reference: digest })).toMatchObject({
        digest,
        kind: 'image',
      });
    }
  });
}

function verifying(run: Run, fixtures: () => RegistryFixtures): void {
  it('digest.verify confirms the right digest and denies another', async () => {
    const { repository, tag, digest } = fixtures();
    const wrong = `sha256:${'0'.repeat(64)}`;

    expect(await run('digest.verify', { repository, digest })).toMatchObject({
      verified: true,
      computed: digest,
      expected: digest,
    });
    expect(await run('digest.verify', { imageRef: `${repository}:${tag}@${digest}` })).toMatchObject({
      verified: true,
    });
    expect(await run('digest.verify', { repository, reference: tag, digest: wrong })).toMatchObject({
      verified: false,
      computed: digest,
      expected: wrong,
    });
  });
}

function refusing(offered: readonly RegistryActionId[], run: Run, fixtures: () => RegistryFixtures): void {
  const byImage = offered.filter((id) => id !== 'repository.list' && id !== 'tag.list');
  it.each(byImage)('%s refuses names that are none, before anything is sent', async (action) => {
    const { repository } = fixtures();
    const digest = `sha256:${'0'.repeat(64)}`;
    const inputs: object[] = [
      {},
      { imageRef: '' },
      { imageRef: '../../etc/passwd' },
      { imageRef: `${repository}@sha256:short` },
      { repository: `${repository}/../x`, tag: 'a', reference: 'a', digest },
      { repository: 'UPPER', tag: 'a', reference: 'a', digest },
      { repository, tag: 'a/b', reference: 'a/../b', digest },
      { imageRef: `${repository}:a`, unknownField: 1 },
    ];
    for (const input of inputs) {
      const relevant =
        action === 'tag.resolve'
          ? omit(input, ['reference', 'digest'])
          : omit(input, ['tag', ...(action === 'digest.verify' ? [] : ['digest'])]);
      await expect(run(action, relevant), JSON.stringify(relevant)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
}

function omit(input: object, without: readonly string[]): object {
  return Object.fromEntries(Object.entries(input).filter(([key]) => !without.includes(key)));
}

function namespaceOf({ namespace }: RegistryFixtures): object {
  return namespace === undefined ? {} : { namespace };
}
