/**
 * A real registry server: Debian's docker-registry (Distribution 2.8) on 127.0.0.1. Of the distribution-spec 1.0 era: its
 * `tags/list` ignores `n`, and it has no referrers API. Runs as root and as an ordinary user alike; files are the caller's.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild, waitUntilReady } from './child.ts';
import { getCommand } from './debian-packages.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';
import type { TokenServer } from './token-server.ts';

export interface StartDockerRegistryOptions {
  /** Default `none`. For `token`, start the token server first and pass it as `issuer`. */
  auth?:
    | 'none'
    | { kind: 'htpasswd'; username: string; password: string }
    | { kind: 'token'; issuer: Pick<TokenServer, 'realm' | 'service' | 'issuer' | 'certPem'> };
  /** Serve https with this certificate; with `clientCaPem` only to clients that present a certificate of that authority. */
  tls?: { certPem: string; keyPem: string; clientCaPem?: string };
  /** Default: a free one. */
  port?: number;
  /** Keep the images here (created if absent, left behind). Default: a directory that `stop()` removes. */
  dataDir?: string;
  /** Largest page of `_catalog`; asking for more is refused. Default 1000. */
  maxCatalogEntries?: number;
  /** Receivers of the registry's own push and pull webhooks. */
  notifications?: readonly { url: string; headers?: Readonly<Record<string, string>> }[];
}

export interface DockerRegistry {
  /** `http(s)://127.0.0.1:port`, no slash at the end. */
  url: string;
  host: string;
  port: number;
  /** `host:port`, as it stands in an image reference. */
  authority: string;
  stop(): Promise<void>;
  /** What the registry printed, access log included. */
  logs(): string;
}

/** Starts a registry and resolves once it accepts connections. Throws when the package is absent (see `peersOrSkip`). */
export async function startDockerRegistry(options: StartDockerRegistryOptions = {}): Promise<DockerRegistry> {
  const command = getCommand('docker-registry');
  const directory = createTemporaryDirectory('registry');
  try {
    const configFile = join(directory.path, 'config.json');
    // YAML is a superset of JSON.
    writeFileSync(configFile, JSON.stringify(await writeConfig(options, directory.path)), { mode: 0o600 });

    // A clean environment: the registry lets REGISTRY_* variables override the file.
    const child = await startChild({
      command,
      args: ['serve', configFile],
      env: { PATH: process.env['PATH'] ?? '' },
      cwd: directory.path,
    });
    const port = await waitUntilReady(child, {
      name: 'docker-registry',
      probe: () => /listening on 127\.0\.0\.1:(\d+)/.exec(child.logs())?.[1],
    });
    const authority = `127.0.0.1:${port}`;
    return {
      url: `${options.tls ? 'https' : 'http'}://${authority}`,
      host: '127.0.0.1',
      port: Number(port),
      authority,
      logs: child.logs,
      async stop() {
        await child.stop();
        directory.remove();
      },
    };
  } catch (error) {
    directory.remove();
    throw error;
  }
}

/** Source: Distribution 2.8 `docs/configuration.md`. */
async function writeConfig(options: StartDockerRegistryOptions, directory: string): Promise<object> {
  const { auth = 'none', tls, maxCatalogEntries = 1000, notifications = [] } = options;
  const save = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const dataDir = options.dataDir ?? join(directory, 'data');
  mkdirSync(dataDir, { recursive: true });

  return {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: {
      filesystem: { rootdirectory: dataDir },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    catalog: { maxentries: maxCatalogEntries },
    http: {
      addr: `127.0.0.1:${options.port ?? 0}`,
      secret: 'only-for-tests',
      ...(tls && {
        tls: {
          certificate: save('server.crt', tls.certPem),
          key: save('server.key', tls.keyPem),
          ...(tls.clientCaPem !== undefined && { clientcas: [save('client-ca.crt', tls.clientCaPem)] }),
        },
      }),
    },
    ...(auth !== 'none' && {
      auth:
        auth.kind === 'htpasswd'
          ? {
              htpasswd: { realm: 'registry', path: save('htpasswd', await htpasswdLine(auth.username, auth.password)) },
            }
          : {
              token: {
                realm: auth.issuer.realm,
                service: auth.issuer.service,
                issuer: auth.issuer.issuer,
                rootcertbundle: save('issuer.crt', auth.issuer.certPem),
              },
            },
    }),
    ...(notifications.length > 0 && {
      notifications: {
        endpoints: notifications.map(({ url, headers = {} }, index) => ({
          name: `receiver-${index}`,
          url,
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
          timeout: '2s',
          threshold: 5,
          backoff: '100ms',
        })),
      },
    }),
  };
}

/** The registry takes bcrypt only. The password travels on stdin: arguments are visible to every user of the machine. */
async function htpasswdLine(username: string, password: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(getCommand('htpasswd'), ['-niB', username], (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    child.stdin?.end(password);
  });
}
