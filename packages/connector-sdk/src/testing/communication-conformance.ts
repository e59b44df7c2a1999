import { HubError } from '@inthub/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CommunicationActionId, checkValue, communicationActionSpecs, type Message } from '../index.ts';

/** What the product under test holds; the suite posts into the channel, and changes and deletes only what it posted. */
export interface CommunicationFixtures {
  readonly channelId: string;
  readonly channelName: string;
  /** Ids of channels that the list must show, among others. */
  readonly channels: readonly string[];
  /** Somebody who can be written to. */
  readonly userId: string;
  readonly missing: { readonly channelId: string; readonly messageId: string; readonly userId: string };
  /** Buttons in rich messages do something at this product. Default true. */
  readonly hasButtons?: boolean;
  /**
   * The text that a reader of the product sees, where the test can look (a fake, an emulator): undefined for a message that is not
   * there. Left out: only the answers of the actions are looked at.
   */
  read?(message: { readonly channelId: string; readonly id: string }): Promise<string | undefined> | string | undefined;
}

export interface CommunicationConformanceOptions {
  readonly name: string;
  readonly offered: readonly CommunicationActionId[];
  /** Called once before the tests. */
  fixtures(): CommunicationFixtures | Promise<CommunicationFixtures>;
  /** Runs an action as a caller would: gives the output or rejects with an error that has a `code`. */
  run(action: CommunicationActionId, input: unknown): Promise<unknown>;
}

interface Listed {
  readonly items: readonly { readonly id: string; readonly name: string }[];
  readonly nextCursor: string | null;
}
type Run = <Output = Message>(action: CommunicationActionId, input: unknown) => Promise<Output>;

/** Text that means something to every chat product's own markup and must come out as it went in. */
const hostile =
  'a < b && c > d, <@U1> <!channel> *not bold* _not italic_ `no code` ~no~ @everyone <b>no tag</b> grüß 日本 👩‍👩‍👧';

/** The category suite of chat products; runs the same against a fake, an emulator and the whole hub. */
export function communicationConformance(options: CommunicationConformanceOptions): void {
  const { name, offered } = options;
  const run: Run = async <Output>(action: CommunicationActionId, input: unknown) => {
    const output = await options.run(action, input);
    expect(checkValue(communicationActionSpecs[action].output, output), `output of ${action}`).toEqual([]);
    return output as Output;
  };
  const has = (...ids: readonly CommunicationActionId[]) => ids.every((id) => offered.includes(id));

  describe(`communication conformance of ${name}`, () => {
    let fixtures: CommunicationFixtures;
    beforeAll(async () => {
      fixtures = await options.fixtures();
    });
    const of = () => fixtures;

    if (has('channel.list')) listing(run, of);
    if (has('channel.get')) getting(run, of);
    if (has('message.send')) sending(run, of);
    if (has('message.send', 'message.update')) updating(run, of);
    if (has('message.send', 'message.delete')) deleting(run, of);
    if (has('message.send', 'thread.reply')) replying(run, of);
    if (has('message.direct')) direct(run, of);
    if (has('message.rich')) rich(run, of);
    refusing(offered, run, of);
  });
}

function listing(run: Run, of: () => CommunicationFixtures): void {
  it('channel.list finds what is there, in pages that end and never repeat', async () => {
    const small = await allIds(run, 1);
    const large = await allIds(run, 500);

    expect(large).toEqual(expect.arrayContaining([...of().channels, of().channelId]));
    expect(new Set(small).size).toBe(small.length);
    expect([...small].sort()).toEqual([...large].sort());
  });

  it('channel.list refuses a cursor that it did not hand out', async () => {
    for (const cursor of ['forged', Buffer.from('{"page":"../../admin","offset":0}').toString('base64url')]) {
      await expect(run('channel.list', { cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });
}

async function allIds(run: Run, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const page: Listed = await run<Listed>('channel.list', { limit, ...(cursor === null ? {} : { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
    pages += 1;
    if (pages > 2000) throw new HubError('internal', `channel.list does not end: ${pages} pages of at most ${limit}.`);
  } while (cursor !== null);
  return ids;
}

function getting(run: Run, of: () => CommunicationFixtures): void {
  it('channel.get gives one channel, and says that another does not exist', async () => {
    const { channelId, channelName, missing } = of();

    expect(await run('channel.get', { channelId })).toMatchObject({ id: channelId, name: channelName });
    await expect(run('channel.get', { channelId: missing.channelId })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });
}

function sending(run: Run, of: () => CommunicationFixtures): void {
  it('message.send posts text exactly as it is', async () => {
    const { channelId, read } = of();

    const sent = await run('message.send', { channelId, text: hostile });

    expect(sent).toMatchObject({ channelId, threadId: null });
    expect(sent.id).not.toBe('');
    if (read !== undefined) expect(await read(sent)).toBe(hostile);
  });

  it('message.send posts long text whole', async () => {
    const { channelId, read } = of();
    const text = 'Zeile für Zeile 🙂 <&>\n'.repeat(400).trimEnd();

    const sent = await run('message.send', { channelId, text });

    if (read !== undefined) expect(await read(sent)).toBe(text);
  });

  it('message.send posts Markdown, code and links', async () => {
    const { channelId, read } = of();
    const code = 'const a = `x` < 1 && "```" !== b;\n\n  return a;';

    for (const markdown of [true, false]) {
      const sent = await run('message.send', {
        channelId,
        text: 'Deployed **app** to [production](https://example.com/a?b=1&c=2)',
        markdown,
        codeBlocks: [{ language: 'ts', code }],
        attachments: [{ name: 'Report [1].pdf', url: 'https://example.com/r.pdf', mimeType: 'application/pdf' }],
      });

      if (read === undefined) continue;
      const shown = await read(sent);
      for (const part of [code, 'Report', 'https://example.com/r.pdf']) expect(shown).toContain(part);
    }
  });

  it('message.send says that a channel does not exist', async () => {
    await expect(run('message.send', { channelId: of().missing.channelId, text: 'x' })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });
}

function updating(run: Run, of: () => CommunicationFixtures): void {
  it('message.update replaces the text', async () => {
    const { channelId, missing, read } = of();
    const { id } = await run('message.send', { channelId, text: 'first', codeBlocks: [{ language: '', code: 'old' }] });

    const updated = await run('message.update', { channelId, messageId: id, content: hostile });

    expect(updated).toMatchObject({ id, channelId });
    if (read !== undefined) expect(await read({ channelId, id })).toBe(hostile);
    await expect(
      run('message.update', { channelId, messageId: missing.messageId, content: 'x' }),
    ).rejects.toMatchObject({ code: 'provider_not_found' });
  });
}

function deleting(run: Run, of: () => CommunicationFixtures): void {
  it('message.delete deletes once, and says so the second time', async () => {
    const { channelId, read } = of();
    const { id } = await run('message.send', { channelId, text: 'to be deleted' });

    expect(await run('message.delete', { channelId, messageId: id })).toEqual({
      channelId,
      messageId: id,
      deleted: true,
    });

    if (read !== undefined) expect(await read({ channelId, id })).toBeUndefined();
    await expect(run('message.delete', { channelId, messageId: id })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });
}

function replying(run: Run, of: () => CommunicationFixtures): void {
  it('thread.reply, and message.send with threadId, post into the thread', async () => {
    const { channelId, read } = of();
    const { id } = await run('message.send', { channelId, text: 'a question' });

    const first = await run('thread.reply', { channelId, threadId: id, text: 'an answer' });
    const second = await run('message.send', { channelId, threadId: id, text: 'another' });

    expect([first, second]).toMatchObject([
      { channelId, threadId: id },
      { channelId, threadId: id },
    ]);
    expect(new Set([id, first.id, second.id]).size).toBe(3);
    if (read !== undefined) expect(await read(first)).toBe('an answer');
  });
}

function direct(run: Run, of: () => CommunicationFixtures): void {
  it('message.direct writes to a user, in the same conversation each time', async () => {
    const { userId, channelId, missing, read } = of();

    const first = await run('message.direct', { userId, text: 'for you' });
    const second = await run('message.direct', { userId, text: 'and again' });

    expect(first.channelId).not.toBe(channelId);
    expect(second.channelId).toBe(first.channelId);
    if (read !== undefined) expect(await read(second)).toBe('and again');
    await expect(run('message.direct', { userId: missing.userId, text: 'x' })).rejects.toMatchObject({
      code: 'provider_not_found',
    });
  });
}

function rich(run: Run, of: () => CommunicationFixtures): void {
  it('message.rich posts every kind of block', async () => {
    const { channelId, read, hasButtons = true } = of();
    const buttons = [
      { label: 'Roll back', actionId: 'rollback', style: 'danger' },
      { label: 'Keep', actionId: 'keep', style: 'primary' },
      { label: 'Later', actionId: 'later' },
    ];

    const sent = await run('message.rich', {
      channelId,
      blocks: [
        { type: 'section', content: 'Deployment **finished**' },
        {
          type: 'section',
          fields: [
            { label: 'Version', value: 'v2 <3 & more' },
            { label: 'Empty', value: '' },
          ],
        },
        { type: 'divider' },
        { type: 'code', content: 'kubectl get pods | grep "<none>"' },
        ...(hasButtons ? [{ type: 'actions', actions: buttons }] : []),
        { type: 'context', content: 'pipeline 42 *' },
      ],
    });

    expect(sent).toMatchObject({ channelId });
    if (read === undefined) return;
    const shown = await read(sent);
    for (const part of [
      'finished',
      'Version',
      'v2 <3 & more',
      'kubectl get pods | grep "<none>"',
      ...(hasButtons ? ['Roll back'] : []),
      'pipeline 42 *',
    ])
      expect(shown).toContain(part);
  });
}

function refusing(offered: readonly CommunicationActionId[], run: Run, of: () => CommunicationFixtures): void {
  it.each(offered)('%s refuses what its schema does not allow', async (action) => {
    const { channelId, userId } = of();
    const where = action === 'message.direct' ? { userId } : { channelId };
    const block = (value: object) => ({ blocks: [value] });
    const wrong: Partial<Record<CommunicationActionId, readonly object[]>> = {
      'channel.list': [{ limit: 0 }, { limit: 501 }, { cursor: '' }],
      'message.rich': [
        { ...where },
        { ...where, blocks: [] },
        { ...where, ...block({ type: 'image' }) },
        { ...where, ...block({ type: 'section' }) },
        { ...where, ...block({ type: 'code' }) },
        { ...where, ...block({ type: 'actions', actions: [{ label: 'x', actionId: 'y', style: 'loud' }] }) },
        { ...where, ...block({ type: 'divider', content: 'x' }) },
      ],
      'message.update': [
        { ...where, messageId: 'x' },
        { ...where, messageId: 'x', content: '' },
      ],
    };
    const always = [
      { ...where, unknownField: 1 },
      ...(action === 'channel.list' ? [] : [{}, { channelId: 'a b', userId: 'a b' }]),
    ];
    for (const input of [...always, ...(wrong[action] ?? [])]) {
      await expect(run(action, input), JSON.stringify(input)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
}
