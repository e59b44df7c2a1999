import type { Clock } from '@inthub/contracts';
import { createTemporaryDirectory } from '@inthub/testing';
import { afterEach, expect } from 'vitest';
import { readBounded } from '../bounded-read.ts';
import { runProgram } from '../program.ts';
import type { Terminal } from '../terminal.ts';
import { type FakeHub, type Operation, startFakeHub } from './fake-hub.ts';

export interface RunOptions {
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Answers to questions, in order; having any makes the terminal interactive. */
  readonly answers?: readonly (string | boolean)[];
  readonly columns?: number;
  readonly color?: boolean;
  readonly hubEntry?: () => string;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly questions: readonly string[];
}

/** A hub, and a way to run command lines against it, in a home of their own. Ended after the test. */
export interface TestBench {
  readonly hub: FakeHub;
  /** Folder that stands for XDG_CONFIG_HOME. */
  readonly configHome: string;
  /** Signed in by INTHUB_URL and INTHUB_TOKEN, unless the environment says otherwise. */
  run(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs with --json and expects exit code 0; answers the parsed document. */
  json(args: readonly string[], options?: RunOptions): Promise<unknown>;
}

const testNow = '2026-11-21T10:15:30.000Z';

const frozenClock: Clock = {
  now: () => new Date(testNow),
  monotonicMs: () => 0,
  sleep: async () => {},
};

const ending: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

export async function startBench(operations: Readonly<Record<string, Operation>> = {}): Promise<TestBench> {
  const hub = await startFakeHub(operations);
  const home = createTemporaryDirectory('cli');
  ending.push(async () => {
    await hub.stop();
    home.remove();
    expect(hub.faults).toEqual([]);
  });
  const run = (args: readonly string[], options: RunOptions = {}) =>
    runCli(args, {
      ...options,
      environment: {
        INTHUB_URL: hub.url,
        INTHUB_TOKEN: hub.token,
        XDG_CONFIG_HOME: home.path,
        ...options.environment,
      },
    });
  return {
    hub,
    configHome: home.path,
    run,
    async json(args, options) {
      const { code, stdout, stderr } = await run([...args, '--json'], options);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout) as unknown;
    },
  };
}

async function runCli(args: readonly string[], options: RunOptions): Promise<RunResult> {
  let stdout = '';
  let stderr = '';
  const questions: string[] = [];
  const answers = [...(options.answers ?? [])];
  const next = <Answer extends string | boolean>(question: string, type: string): Answer => {
    questions.push(question);
    const answer = answers.shift();
    if (typeof answer !== type) throw new Error(`The question "${question}" was not expected.`);
    return answer as Answer;
  };
  const terminal: Terminal = {
    environment: options.environment ?? {},
    clock: frozenClock,
    columns: options.columns,
    color: options.color ?? false,
    interactive: options.answers !== undefined,
    write: (text) => {
      stdout += text;
    },
    writeError: (text) => {
      stderr += text;
    },
    readInput: (maxBytes) => readBounded(chunks(options.stdin ?? ''), 'Standard input', maxBytes),
    askSecret: async (question) => next<string>(question, 'string'),
    askYesNo: async (question) => next<boolean>(question, 'boolean'),
    hubEntry: options.hubEntry ?? (() => 'file:///nowhere/hub.js'),
  };
  const code = await runProgram(args, terminal);
  return { code, stdout, stderr, questions };
}

async function* chunks(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 65_536) yield text.slice(at, at + 65_536);
}
