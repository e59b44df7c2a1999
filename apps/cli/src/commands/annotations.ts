import {
  api,
  type CreateCheckRunData,
  type HubClient,
  type PostCommentData,
  type PostStatusData,
  type PublishFindingsData,
  type ScmOperationResult,
} from '@inthub/client';
import { checkConclusions, findingSeverities, scmOperations, scmStatusStates } from '@inthub/contracts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { readFindings } from '../findings-file.ts';
import { given } from '../given.ts';
import { readJsonList, readText } from '../input.ts';
import { wholeNumber } from '../paging.ts';
import { annotationTable, concludeAnnotations, type NamedResult } from '../present-annotation.ts';
import { integrationArgument, resolveIntegration } from '../resolve-integration.ts';
import { addKeptAnnotationCommands } from './kept-annotations.ts';

interface Repository {
  readonly owner: string;
  readonly repository: string;
}

interface PlaceFlags {
  readonly repository: Repository;
  readonly commit: string;
  readonly pr?: number;
}

interface PublishFlags extends PlaceFlags {
  readonly name: string;
  readonly failOn?: NonNullable<PublishFindingsData['body']['failOn']>;
  readonly only?: (typeof scmOperations)[number][];
  readonly targetUrl?: string;
}

interface CommentFlags extends Pick<PlaceFlags, 'repository'> {
  readonly pr: number;
  readonly body: string;
  readonly key?: string;
  readonly commentId?: string;
  readonly new?: true;
}

interface StatusFlags extends PlaceFlags {
  readonly state: PostStatusData['body']['state'];
  readonly context: string;
  readonly description?: string;
  readonly targetUrl?: string;
}

interface CheckRunFlags extends PlaceFlags {
  readonly name: string;
  readonly status?: NonNullable<CreateCheckRunData['body']['status']>;
  readonly conclusion?: NonNullable<CreateCheckRunData['body']['conclusion']>;
  readonly summary?: string;
  readonly text?: string;
  readonly annotations?: string;
  readonly detailsUrl?: string;
}

export function addAnnotationCommands(program: Command, context: CliContext): void {
  const group = program
    .command('annotations')
    .description('comments, commit statuses and check runs on pull requests (merge requests, too)');

  addPlace(group.command('publish').description('publish findings as comment, status and check run'))
    .argument(...integrationArgument)
    .argument('<file>', 'SARIF 2.1.0 log, or findings as JSON; - reads standard input')
    .requiredOption('--name <name>', 'of the check: context of the status, key of the comment')
    .option('--pr <number>', 'pull request; without it there is no comment', numberOfPullRequest)
    .addOption(
      new Option('--fail-on <severity>', 'findings as bad as this fail (default high)').choices([
        ...findingSeverities,
        'never',
      ]),
    )
    .addOption(new Option('--only <what...>', 'not all three').choices(scmOperations))
    .option('--target-url <url>', 'where the scan can be read')
    .action(async (reference: string, file: string, flags: PublishFlags) => {
      const { repository, commit, pr, name, failOn, only, targetUrl } = flags;
      const body = {
        ...repository,
        commitSha: commit,
        name,
        ...given({ pullRequestNumber: pr, failOn, publish: only, targetUrl }),
        ...(await readFindings(file, context.terminal)),
      } as PublishFindingsData['body'];
      const client = await context.client();
      const integration = await resolveIntegration(client, reference);
      const path = { id: integration.id };
      const { data } = await api.publishFindings({ client, throwOnError: true, path, body });
      const { comment, status, checkRun, findings, bySeverity } = data;
      const results = (
        [
          ['check run', checkRun],
          ['status', status],
          ['comment', comment],
        ] as const
      ).flatMap(([what, result]): NamedResult[] => (result === null ? [] : [[what, result]]));
      const output = context.output();
      const counts = findingSeverities.flatMap((one) =>
        (bySeverity[one] ?? 0) > 0 ? [`${bySeverity[one]} ${one}`] : [],
      );
      const found = counts.length === 0 ? 'No findings.' : `${findings} findings: ${counts.join(', ')}.`;
      output.result(data, () => `${found}\n\n${annotationTable(output, results)}`);
      concludeAnnotations(output, integration.name, results);
    });

  /** Posts one thing, shows what became of it, and ends with 1 where it failed. */
  async function post(
    reference: string,
    name: string,
    send: (client: HubClient, id: string) => Promise<{ data: ScmOperationResult }>,
  ): Promise<void> {
    const client = await context.client();
    const integration = await resolveIntegration(client, reference);
    const { data } = await send(client, integration.id);
    const output = context.output();
    output.result(data, () => annotationTable(output, [[name, data]]));
    concludeAnnotations(output, integration.name, [[name, data]]);
  }

  addRepository(
    group.command('comment').description('post a comment on a pull request, or change the one under its key'),
  )
    .argument(...integrationArgument)
    .requiredOption('--pr <number>', 'pull request', numberOfPullRequest)
    .requiredOption('--body <text|@file|->', 'Markdown')
    .option('--key <key>', 'tells one comment of the hub from another (default "default")')
    .option('--comment-id <id>', 'change this very comment')
    .option('--new', 'write a new one, whatever stands there')
    .action(async (reference: string, flags: CommentFlags) => {
      const { repository, pr, key, commentId } = flags;
      const body: PostCommentData['body'] = {
        ...repository,
        pullRequestNumber: pr,
        body: await readText('--body', flags.body, context.terminal),
        ...given({ key, commentId, updateExisting: flags.new === true ? false : undefined }),
      };
      await post(reference, 'comment', (client, id) =>
        api.postComment({ client, throwOnError: true, path: { id }, body }),
      );
    });

  addPlace(group.command('status').description('set a commit status'))
    .argument(...integrationArgument)
    .addOption(new Option('--state <state>', 'what it says').choices(scmStatusStates).makeOptionMandatory())
    .requiredOption('--context <context>', 'tells one status of the commit from another')
    .option('--description <text>', 'one line')
    .option('--target-url <url>', 'where more can be read')
    .action(async (reference: string, flags: StatusFlags) => {
      const { repository, commit, state, description, targetUrl } = flags;
      const body: PostStatusData['body'] = {
        ...repository,
        commitSha: commit,
        state,
        context: flags.context,
        ...given({ description, targetUrl }),
      };
      await post(reference, 'status', (client, id) =>
        api.postStatus({ client, throwOnError: true, path: { id }, body }),
      );
    });

  addPlace(group.command('check-run').description('report a check with annotations on lines'))
    .argument(...integrationArgument)
    .requiredOption('--name <name>', 'of the check')
    .option('--pr <number>', 'pull request: for remarks where the product has no check runs', numberOfPullRequest)
    .addOption(new Option('--status <status>', 'how far it is').choices(['queued', 'in_progress', 'completed']))
    .addOption(new Option('--conclusion <conclusion>', 'its result, which completes it').choices(checkConclusions))
    .option('--summary <text|@file|->', 'Markdown')
    .option('--text <text|@file|->', 'Markdown')
    .option('--annotations <json|@file|->', 'list of {"path", "startLine", "endLine", "level", "message", "title"}')
    .option('--details-url <url>', 'where more can be read')
    .action(async (reference: string, flags: CheckRunFlags) => {
      const { repository, commit, pr, name, status, conclusion, detailsUrl } = flags;
      const { terminal } = context;
      const from = async (flag: string, text: string | undefined) =>
        text === undefined ? undefined : readText(flag, text, terminal);
      const lines =
        flags.annotations === undefined ? undefined : await readJsonList('--annotations', flags.annotations, terminal);
      const body: CreateCheckRunData['body'] = {
        ...repository,
        headSha: commit,
        name,
        ...given({
          pullRequestNumber: pr,
          status,
          conclusion,
          summary: await from('--summary', flags.summary),
          text: await from('--text', flags.text),
          // Of whatever form: the hub names the field that does not fit.
          annotations: lines as CreateCheckRunData['body']['annotations'],
          detailsUrl,
        }),
      };
      await post(reference, 'check run', (client, id) =>
        api.createCheckRun({ client, throwOnError: true, path: { id }, body }),
      );
    });

  addKeptAnnotationCommands(group, context);
}

const numberOfPullRequest = wholeNumber(1, 2_147_483_647);

function addRepository(command: Command): Command {
  return command.requiredOption('--repository <owner/name>', 'the name as in its address', parseRepository);
}

function addPlace(command: Command): Command {
  return addRepository(command).requiredOption('--commit <sha>', 'whole commit id (git rev-parse HEAD)', parseCommit);
}

/** Groups of GitLab lie within groups: the last part is the name. */
function parseRepository(text: string): Repository {
  const cut = text.lastIndexOf('/');
  const repository = { owner: text.slice(0, Math.max(0, cut)), repository: text.slice(cut + 1) };
  if (repository.owner !== '' && repository.repository !== '' && !/^\w+:|\s/.test(text)) return repository;
  throw new InvalidArgumentError('It must be owner/name, for example octo-org/hello-world.');
}

function parseCommit(text: string): string {
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(text)) return text;
  throw new InvalidArgumentError('It must be a whole commit id: git rev-parse HEAD prints it.');
}
