/** Recent failures, grouped by endpoint and cause. */
import { keyAtTime, timeOfKey } from "../../lib/id.ts";
import { APPLICATION_KIND, ATTEMPT_STATUS } from "../../store/schema.ts";
import { getApplication } from "../application/find.ts";
import { visibleApplications } from "../access.ts";
import { type Context, type OutsideCall, reader } from "../context.ts";

export interface ListIssues {
  /** Unix milliseconds. */
  readonly since: number;
  /** Id or uid; `null`: all applications. */
  readonly app: string | null;
  readonly limit: number;
}

/** Failed attempts at one endpoint with the same cause. Times are Unix milliseconds. */
export interface Issue {
  readonly appId: string;
  readonly appName: string;
  readonly endpointId: string;
  readonly url: string;
  readonly disabled: boolean;
  /** Error code of the attempts; `null` if the status is the cause. */
  readonly errorCode: string | null;
  /** 0 if there was no response. */
  readonly responseStatusCode: number;
  readonly attempts: number;
  readonly messages: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly lastMessageId: string;
  readonly lastAttemptId: string;
  /** Whether the endpoint is still failing. */
  readonly failing: boolean;
}

export interface Issues {
  readonly rows: readonly Issue[];
  /** `false` if a limit was reached, so that older attempts are not included. */
  readonly exact: boolean;
}

/** Maximum number of newest attempts, failed or not, that one call scans. */
const MAX_ATTEMPTS = 20_000;

export async function listIssues({ ctx, input }: OutsideCall<ListIssues>): Promise<Issues> {
  const appKey = input.app === null ? null : (await getApplication(ctx, input.app)).key;
  const from = keyAtTime(input.since);
  const oldest = await reader(ctx)
    .selectFrom("attempt")
    .select("id")
    .where("id", ">=", from)
    .orderBy("id", "desc")
    .limit(1)
    .offset(MAX_ATTEMPTS)
    .executeTakeFirst();
  const visible = visibleApplications(ctx.actor);
  // The limit keeps SQLite on the primary key: it would otherwise read the index of all attempts, which is in the order of the groups.
  let query = reader(ctx)
    .selectFrom((eb) =>
      eb
        .selectFrom("attempt")
        .select(["id", "endpoint_id", "error_code", "response_code", "message_id"])
        .where("id", ">=", Math.max(from, (oldest?.id ?? 0) + 1))
        .where("status", "=", ATTEMPT_STATUS.fail)
        .orderBy("id", "desc")
        .limit(MAX_ATTEMPTS)
        .as("attempt"),
    )
    .innerJoin("endpoint", "endpoint.id", "attempt.endpoint_id")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .select(["attempt.endpoint_id", "attempt.error_code", "attempt.response_code"])
    .select((eb) => [
      eb.fn.countAll<number>().as("attempts"),
      eb.fn.count<number>("attempt.message_id").distinct().as("messages"),
      eb.fn.min("attempt.id").as("first"),
      eb.fn.max("attempt.id").as("last"),
    ])
    .where("application.org_id", "=", ctx.actor.orgId)
    .where("application.kind", "=", APPLICATION_KIND.customer)
    .$if(visible !== null, (own) => own.where("application.id", "in", visible!))
    .where("endpoint.deleted_at", "is", null)
    .where("endpoint.replay_task_id", "is", null)
    .groupBy(["attempt.endpoint_id", "attempt.error_code", "attempt.response_code"])
    .orderBy("last", "desc")
    .limit(input.limit);
  if (appKey !== null) query = query.where("endpoint.app_id", "=", appKey);
  const groups = await query.execute();
  const named = await namesOf(
    ctx,
    groups.map((group) => group.last),
  );
  const unhealthy = await ctx.services.lanes.unhealthy([...new Set(groups.map((group) => group.endpoint_id))]);
  const rows = groups.flatMap((group): readonly Issue[] => {
    const name = named.get(group.last);
    if (name === undefined) return [];
    return [
      {
        ...name,
        errorCode: group.error_code,
        responseStatusCode: group.response_code,
        attempts: group.attempts,
        messages: group.messages,
        firstAt: timeOfKey(group.first),
        lastAt: timeOfKey(group.last),
        failing: (unhealthy.get(group.endpoint_id)?.failing ?? null) !== null,
      },
    ];
  });
  return { rows, exact: oldest === undefined };
}

type Names = Pick<Issue, "appId" | "appName" | "endpointId" | "url" | "disabled" | "lastMessageId" | "lastAttemptId">;

async function namesOf(ctx: Context, attempts: readonly number[]): Promise<ReadonlyMap<number, Names>> {
  if (attempts.length === 0) return new Map();
  const rows = await reader(ctx)
    .selectFrom("attempt")
    .innerJoin("message", "message.id", "attempt.message_id")
    .innerJoin("endpoint", "endpoint.id", "attempt.endpoint_id")
    .innerJoin("application", "application.id", "endpoint.app_id")
    .select(["attempt.id", "attempt.public_id as attempt_public_id", "message.public_id as message_public_id"])
    .select(["endpoint.public_id as endpoint_public_id", "endpoint.url", "endpoint.disabled"])
    .select(["application.public_id as app_public_id", "application.name as app_name"])
    .where("attempt.id", "in", attempts)
    .execute();
  return new Map(
    rows.map((row) => [
      row.id,
      {
        appId: row.app_public_id,
        appName: row.app_name,
        endpointId: row.endpoint_public_id,
        url: row.url,
        disabled: row.disabled === 1,
        lastMessageId: row.message_public_id,
        lastAttemptId: row.attempt_public_id,
      },
    ]),
  );
}
