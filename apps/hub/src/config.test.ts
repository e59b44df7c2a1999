import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

describe('readConfig', () => {
  it('has a default for everything that a laptop needs', () => {
    const config = readConfig({});

    expect(config).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      databaseUrl: null,
      offline: false,
      eventBus: 'postgres',
      counters: 'memory',
    });
    expect([...config.roles]).toEqual(['api', 'worker']);
  });

  it.each([
    [{ HUB_PORT: 'eighty' }, 'HUB_PORT'],
    [{ HUB_PORT: '70000' }, 'HUB_PORT'],
    [{ HUB_PROT: '80' }, 'HUB_PROT'],
    [{ HUB_ROLES: 'api,cook' }, 'HUB_ROLES'],
    [{ HUB_ROLES: ',' }, 'HUB_ROLES'],
    [{ HUB_BOOTSTRAP_API_KEY: 'short' }, 'HUB_BOOTSTRAP_API_KEY'],
    [{ HUB_MASTER_KEY: 'a', HUB_MASTER_KEY_FILE: 'b' }, 'HUB_MASTER_KEY'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
    [{ EVENT_BUS: 'kafka' }, 'EVENT_BUS'],
    [{ EVENT_BUS: 'nats' }, 'NATS_URL'],
    [{ COUNTERS: 'valkey' }, 'VALKEY_URL'],
    [{ HUB_OFFLINE: 'perhaps' }, 'HUB_OFFLINE'],
    [{ OIDC_ISSUER: 'https://id.example.com' }, 'OIDC_AUDIENCE'],
    [{ OIDC_AUDIENCE: 'hub' }, 'OIDC_ISSUER'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  ])('refuses %j and names the variable', (environment, variable) => {
    expect(() => readConfig(environment)).toThrow(ConfigError);
    expect(() => readConfig(environment)).toThrow(new RegExp(`^${variable}: `));
  });

  it('never repeats a URL that may hold a password', () => {
    const attempt = () => readConfig({ DATABASE_URL: 'mysql://user:hunter2@db/x' });

    expect(attempt).toThrow(ConfigError);
    expect(attempt).not.toThrow(/hunter2/);
  });

  it('collects HUB_SECRET_ variables and nothing else', () => {
    const config = readConfig({ HUB_SECRET_DEFAULT_TOKEN: 'value', PATH: '/bin' });

    expect([...config.secretEnvironment.keys()]).toEqual(['HUB_SECRET_DEFAULT_TOKEN']);
  });
});
