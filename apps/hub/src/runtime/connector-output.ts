import type { AnyAction, CheckOutcome, ConnectionReport, RegisteredWebhook } from '@inthub/connector-sdk';
import { type ActionEvent, type FieldError, HubError, type Page, PageOf, Resource } from '@inthub/contracts';
import Type from 'typebox';
import { createSchemaCheck, type SchemaCheck } from './schema-check.ts';

const reportCheck = createSchemaCheck(
  Type.Object({
    success: Type.Boolean(),
    message: Type.String({ maxLength: 10_000 }),
    details: Type.Record(Type.String(), Type.Unknown()),
  }),
  { base: '' },
);
/** Far above any sensible page, so that a product that ignores `limit` still works. */
const pageCheck = createSchemaCheck(
  Type.Object({ ...PageOf(Resource).properties, items: Type.Array(Resource, { maxItems: 10_000 }) }),
  { base: '' },
);
const text = Type.String({ maxLength: 10_000 });
const eventCheck = createSchemaCheck(
  Type.Union([
    Type.Object({ type: Type.Literal('progress'), message: text, percent: Type.Number({ minimum: 0, maximum: 100 }) }),
    Type.Object({ type: Type.Literal('data'), chunk: Type.Unknown() }),
    Type.Object({ type: Type.Literal('warning'), message: text }),
    Type.Object({ type: Type.Literal('complete'), summary: Type.Unknown() }),
    Type.Object({
      type: Type.Literal('error'),
      error: Type.Object({ code: Type.String({ maxLength: 100 }), message: text }),
    }),
  ]),
  { base: '' },
);

const findingCheck = createSchemaCheck(
  Type.Object({
    status: Type.Enum(['pass', 'warn', 'fail']),
    message: text,
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    suggestions: Type.Optional(Type.Array(text, { maxItems: 100 })),
  }),
  { base: '' },
);

const registrationCheck = createSchemaCheck(
  Type.Object({ externalId: Type.String({ minLength: 1, maxLength: 1_024 }) }),
  { base: '' },
);

const outputChecks = new WeakMap<object, SchemaCheck>();

/** @throws HubError `connector_failed` naming the places that do not fit the action's output schema. */
export function checkedOutput(action: AnyAction, output: unknown): unknown {
  const schema: object = action.output;
  let check = outputChecks.get(schema);
  if (check === undefined) {
    check = createSchemaCheck(schema, { base: '' });
    outputChecks.set(schema, check);
  }
  refuse(check(output), `The output of ${action.id}`);
  return output;
}

export function checkedReport(report: ConnectionReport): ConnectionReport {
  refuse(reportCheck(report), 'The report of the connection test');
  return report;
}

export function checkedFinding(finding: CheckOutcome, checkId: string): CheckOutcome {
  refuse(findingCheck(finding), `What the check ${checkId} found`);
  return finding;
}

export function checkedRegistration(registered: RegisteredWebhook): RegisteredWebhook {
  refuse(registrationCheck(registered), 'What the connector told of the webhook that it registered');
  return { externalId: registered.externalId };
}

export function checkedPage(page: Page<Resource>, resourceType: string): Page<Resource> {
  refuse(pageCheck(page), `The ${resourceType} that were discovered`);
  return page;
}

export function checkedEvent(event: ActionEvent, action: AnyAction): ActionEvent {
  refuse(eventCheck(event), `An event that ${action.id} streamed`);
  return event;
}

function refuse(faults: readonly FieldError[] | null, what: string): void {
  if (faults === null) return;
  const [first] = faults;
  throw new HubError(
    'connector_failed',
    `${what} does not fit its schema: ${first?.path || '/'} ${first?.message ?? ''}`,
    {
      details: { faults },
    },
  );
}
