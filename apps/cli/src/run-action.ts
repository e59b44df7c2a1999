import { api, HubApiError, type HubClient, streamAction } from '@inthub/client';
import { type ActionEvent, errorCodes, isErrorCode } from '@inthub/contracts';
import { assign, type JsonObject } from './assignments.ts';
import { CliError, QuietExit, usageError } from './cli-error.ts';
import type { CliContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { given } from './given.ts';
import { readJsonObject } from './input.ts';
import { isSchema, type JsonSchema } from './json-schema.ts';
import { type Output, valueText } from './output.ts';
import { oneLine, printable, toJsonText } from './printable.ts';
import { requireDuration } from './times.ts';

export interface RunFlags {
  readonly params?: string;
  readonly param?: readonly string[];
  readonly timeout?: string;
  readonly idempotencyKey?: string;
  readonly stream?: boolean;
}

export interface ActionCall {
  readonly client: HubClient;
  readonly instanceId: string;
  readonly action: string;
  readonly flags: RunFlags;
  /** Asked for only when parameters have to be typed. */
  readonly schema: () => Promise<JsonSchema>;
}

/** The longest that the hub lets one action take. */
const longestTimeoutMs = 300_000;

/** Runs an action and prints its result. @throws HubApiError when it fails. */
export async function runAction(context: CliContext, call: ActionCall): Promise<void> {
  const { client, instanceId, flags } = call;
  const body = await bodyOf(context, call);
  const { data: result } = await api.executeAction({
    client,
    throwOnError: true,
    path: { instanceId },
    body,
    ...(flags.idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': flags.idempotencyKey } }),
  });
  const output = context.output();
  output.result(result, () => dataText(output, result.data));
  const { durationMs, apiCalls, cached, rateLimitRemaining } = result.metadata;
  const calls = cached ? 'from the cache' : `${apiCalls} ${apiCalls === 1 ? 'request' : 'requests'} to the provider`;
  const left = rateLimitRemaining === undefined ? '' : `, ${rateLimitRemaining} left there`;
  output.note(`${Math.round(durationMs)} ms, ${calls}${left}`);
  if (!result.success) throw new QuietExit(exitCodes.failure);
}

/**
 * Runs an action and prints its events as they come: data on stdout, one document a line; the rest on stderr. With --json every
 * event is a line on stdout.
 * @throws HubApiError when the action reports a failure, CliError when it ends without saying how.
 */
export async function streamActionEvents(context: CliContext, call: ActionCall): Promise<void> {
  const { client, instanceId, flags } = call;
  const output = context.output();
  const body = await bodyOf(context, call);
  let last: ActionEvent | undefined;
  const options = { client, instanceId, body, ...given({ idempotencyKey: flags.idempotencyKey }) };
  for await (const event of streamAction<ActionEvent>(options)) {
    last = event;
    if (output.json) output.line(event, () => '');
    else show(output, event);
  }
  if (last?.type === 'error') throw failureOf(last.error);
  if (last?.type !== 'complete') {
    throw new CliError(
      exitCodes.failure,
      'The stream ended before the action did.',
      'It may have had its effect; look before running it again.',
    );
  }
}

/** The same failure as the answer without --stream would have been. */
function failureOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  if (!isErrorCode(code)) return new CliError(exitCodes.failure, `${message} (${code})`);
  const { status, title, retryable, blame } = errorCodes[code];
  const problem = { type: `urn:inthub:error:${code}`, title, status, detail: message, code, retryable, blame };
  return new HubApiError(status, problem, message);
}

function show(output: Output, event: ActionEvent): void {
  if (event.type === 'progress') output.note(`${Math.round(event.percent)} %  ${oneLine(event.message)}`);
  else if (event.type === 'warning') output.warning(event.message);
  else if (event.type === 'data') output.line(event.chunk, () => lineText(event.chunk));
  else if (event.type === 'complete' && event.summary !== null) output.note(`done: ${valueText(event.summary)}`);
}

function lineText(chunk: unknown): string {
  return typeof chunk === 'string' ? printable(chunk) : toJsonText(chunk);
}

async function bodyOf({ terminal }: CliContext, { action, flags, schema }: ActionCall) {
  const timeoutMs = flags.timeout === undefined ? undefined : requireDuration('--timeout', flags.timeout);
  if (timeoutMs !== undefined && timeoutMs > longestTimeoutMs) {
    throw usageError(`--timeout may be at most ${longestTimeoutMs / 1000}s.`);
  }
  const json: JsonObject = flags.params === undefined ? {} : await readJsonObject('--params', flags.params, terminal);
  const params = flags.param === undefined ? json : assign('--param', json, flags.param, await schema());
  return { action, params, ...given({ timeoutMs }) };
}

/** A list of flat objects as a table, an object as fields, anything else as JSON. */
function dataText(output: Output, data: unknown): string {
  if (Array.isArray(data)) return listText(output, data);
  if (!isSchema(data)) return typeof data === 'string' ? printable(data) : toJsonText(data, 2);
  const [name, list] = Object.entries(data).find(([, value]) => Array.isArray(value)) ?? [];
  const plain = Object.entries(data).filter(([field, value]) => field !== name && value !== null);
  const fields = output.fields(plain.map(([field, value]) => [field, valueText(value)] as const));
  if (!Array.isArray(list)) return fields;
  const below = list.length === 0 ? 'none' : listText(output, list);
  return `${fields}${fields === '' ? '' : '\n'}${output.heading(oneLine(String(name)))}${below}`.trimStart();
}

function listText(output: Output, list: readonly unknown[]): string {
  const rows = list.filter(isSchema);
  if (rows.length !== list.length) return list.map(lineText).join('\n');
  const head = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: unknown) => (value === undefined || value === null ? null : valueText(value));
  return output.table(
    head.map(oneLine),
    rows.map((row) => head.map((name) => cell(row[name]))),
  );
}
