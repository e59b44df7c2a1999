/** A real nginx or HAProxy on 127.0.0.1, with its files in a folder of the test's own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acceptsTcp, startChild, waitUntilReady } from './child.ts';
import { getCommand } from './debian-packages.ts';
import { findFreePort } from './free-port.ts';
import { createTemporaryDirectory } from './temporary-directory.ts';

export interface StartRouterOptions {
  /** The `upstream` or `backend` blocks; it must have one called `app`, to which all requests go. */
  readonly upstreams: string;
}

export interface Router {
  /** Where it serves. */
  readonly url: string;
  readonly program: string;
  readonly configFile: string;
  readonly pidFile: string;
  /** HAProxy's runtime socket; '' for nginx. */
  readonly socketPath: string;
  /** A folder for the agent, beside the configuration. */
  readonly stateDir: string;
  config(): string;
  logs(): string;
  stop(): Promise<void>;
}

/** Starts nginx (see `peersOrSkip(['nginx'])`). */
export function startNginx(options: StartRouterOptions): Promise<Router> {
  return startRouter('nginx', (port, directory) => ({
    program: getCommand('nginx'),
    text: nginxConfig(options.upstreams, port, directory),
    args: ({ configFile }) => ['-c', configFile],
    stopSignal: 'SIGQUIT',
  }));
}

/** Starts HAProxy in master-worker mode (see `peersOrSkip(['haproxy'])`). */
export function startHaproxy(options: StartRouterOptions): Promise<Router> {
  return startRouter('haproxy', (port, directory) => ({
    program: getCommand('haproxy'),
    text: haproxyConfig(options.upstreams, port, directory),
    args: ({ configFile, pidFile }) => ['-W', '-f', configFile, '-p', pidFile],
    stopSignal: 'SIGTERM',
  }));
}

interface RouterStart {
  readonly program: string;
  readonly text: string;
  readonly stopSignal: NodeJS.Signals;
  args(files: { configFile: string; pidFile: string }): readonly string[];
}

async function startRouter(
  name: 'nginx' | 'haproxy',
  describe: (port: number, directory: string) => RouterStart,
): Promise<Router> {
  const directory = createTemporaryDirectory(name);
  const port = await findFreePort();
  const configFile = join(directory.path, `${name}.cfg`);
  const pidFile = join(directory.path, `${name}.pid`);
  const { program, text, args, stopSignal } = describe(port, directory.path);
  writeFileSync(configFile, text);
  const child = await startChild({ command: program, args: args({ configFile, pidFile }), stopSignal });
  try {
    await waitUntilReady(child, { name, probe: () => acceptsTcp(port) });
  } catch (error) {
    directory.remove();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    program,
    configFile,
    pidFile,
    socketPath: name === 'haproxy' ? join(directory.path, 'admin.sock') : '',
    stateDir: join(directory.path, 'agent'),
    config: () => readFileSync(configFile, 'utf8'),
    logs: () => child.logs(),
    async stop() {
      await child.stop();
      directory.remove();
    },
  };
}

function nginxConfig(upstreams: string, port: number, directory: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${directory}/${kind};`,
  );
  return [
    'daemon off;',
    'worker_processes 2;',
    `pid ${directory}/nginx.pid;`,
    'error_log stderr notice;',
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'events { worker_connections 512; }',
    'http {',
    '  access_log off;',
    ...temporary,
    upstreams,
    '  server {',
    `    listen 127.0.0.1:${port};`,
    '    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }',
    '  }',
    '}',
    '',
  ].join('\n');
}

function haproxyConfig(upstreams: string, port: number, directory: string): string {
  return [
    'global',
    `  stats socket ${directory}/admin.sock mode 600 level admin expose-fd listeners`,
    '  maxconn 1000',
    'defaults',
    '  mode http',
    // Without it a reload closes idle connections of clients that may just be sending.
    '  option idle-close-on-response',
    '  timeout connect 2s',
    '  timeout client 10s',
    '  timeout server 10s',
    'frontend web',
    `  bind 127.0.0.1:${port}`,
    '  default_backend app',
    upstreams,
    '',
  ].join('\n');
}
