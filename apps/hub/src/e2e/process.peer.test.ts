import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  createTemporaryDirectory,
  findFreePort,
  makeOciImage,
  peersOrSkip,
  pushImage,
  startChild,
  startDockerRegistry,
  waitUntilReady,
} from '@inthub/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The built hub as a process of its own with its embedded database, and the built command line, as a stranger uses them.
// `npm test` builds both first.
const peers = await peersOrSkip(['docker-registry', 'skopeo', 'umoci']);
const root = join(import.meta.dirname, '../../../..');
const main = join(root, 'apps/hub/dist/main.js');

interface HubProcess {
  readonly output: () => string;
  /** Resolves with the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

async function startProcess(environment: Record<string, string>): Promise<HubProcess> {
  const child = await startChild({
    command: process.execPath,
    args: [main],
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  const isReady = () => (child.logs().includes('is ready at') ? true : undefined);
  await waitUntilReady(child, { name: 'hub', probe: isReady, timeoutMs: 60_000 });
  return {
    output: child.logs,
    async end(signal) {
      if (!child.exited) process.kill(child.pid, signal);
      return child.ended;
    },
  };
}

describe.skipIf(peers.skip)(peers.label('the hub as a process'), () => {
  const data = createTemporaryDirectory('process');
  let port: number;
  let environment: Record<string, string>;
  let key: string;
  let hub: HubProcess;
  let registry: Awaited<ReturnType<typeof startDockerRegistry>>;

  beforeAll(async () => {
    port = await findFreePort();
    registry = await startDockerRegistry();
    const image = await makeOciImage();
    await pushImage({ registry, image, ref: 'team/app:v1' });
    image.remove();
    environment = { HUB_PORT: String(port), HUB_DATA_DIR: join(data.path, 'hub'), HUB_EGRESS_ALLOW: '127.0.0.1' };
    hub = await startProcess(environment);
    key = /shown this once only: (\S+)/.exec(hub.output())?.[1] ?? '';
  });
  afterAll(async () => {
    await hub.end('SIGTERM');
    await registry.stop();
    data.remove();
  });

  function inthub(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'apps/cli/bin/inthub.js'), ...args], {
      env: {
        PATH: process.env['PATH'] ?? '',
        XDG_CONFIG_HOME: data.path,
        INTHUB_URL: `http://127.0.0.1:${port}`,
        INTHUB_TOKEN: key,
      },
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stdout, stderr };
  }

  it('makes an admin key at the first start and takes a new user through the tour', () => {
    const create = [
      'integrations',
      'create',
      '--type',
      'registry.oci',
      '--name',
      'local',
      '--endpoint',
      registry.url,
      '--auth-mode',
      'none',
      '--submit',
    ];

    expect(key).toMatch(/^ihk_/);
    expect(inthub('whoami')).toMatchObject({ status: 0 });
    expect(inthub(...create)).toMatchObject({ status: 0 });
    expect(inthub('integrations', 'test', 'local')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('passed'),
    });
    expect(inthub('integrations', 'resources', 'local', '--type', 'repositories').stdout).toContain('team/app');
    expect(
      JSON.parse(inthub('actions', 'run', 'local', 'tag.resolve', '--param', 'imageRef=team/app:v1', '--json').stdout),
    ).toMatchObject({
      data: { digest: expect.stringMatching(/^sha256:/) },
    });
    expect(inthub('audit', 'verify').stdout).toContain('intact');
  });

  it('tells wrong input apart by exit code', () => {
    expect(inthub('integrations', 'show', 'nosuch').status).toBe(5);
    expect(inthub('integrations', 'resume', 'local').status).toBe(6);
    expect(inthub('actions', 'run', 'local', 'tag.list').status).toBe(2);
  });

  it('refuses a second hub on the same data directory', () => {
    const second = spawnSync(process.execPath, [main], {
      env: { PATH: process.env['PATH'] ?? '', ...environment, HUB_PORT: '0' },
      encoding: 'utf8',
      timeout: 60_000,
    });

    expect(second.status).toBe(1);
    expect(second.stderr).toContain(environment['HUB_DATA_DIR']);
  });

  it('refuses a variable that it does not know with exit code 2', () => {
    const refused = spawnSync(process.execPath, [main], { env: { HUB_PROT: '1' }, encoding: 'utf8', timeout: 60_000 });

    expect(refused).toMatchObject({ status: 2, stderr: expect.stringMatching(/^inthub: HUB_PROT: /) });
  });

  it('keeps everything through kill -9, drains on SIGTERM, and shows no key again', async () => {
    await hub.end('SIGKILL');
    hub = await startProcess(environment);
    expect(hub.output()).not.toContain('shown this once only');
    expect(inthub('integrations', 'list').stdout).toContain('local');
    expect(inthub('audit', 'verify').stdout).toContain('intact');

    expect(await hub.end('SIGTERM')).toBe(0);

    expect(inthub('integrations', 'list').status).toBe(7);
    hub = await startProcess(environment);
    expect(inthub('integrations', 'list').stdout).toContain('local');
  }, 180_000);
});
