/** Background task that counts messages and attempts of applications in a time range. */
import { PosthornError } from "../../lib/errors.ts";
import { keyAtTime, keyOfId } from "../../lib/id.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { seesApplication, visibleApplications } from "../access.ts";
import { type Call, type Context, reader, type Services } from "../context.ts";
import { HOUR_MS, rolledUpTo } from "../stats/roll-up.ts";
import { startTask } from "../task/start.ts";
import type { Task, TaskData } from "../task/task.ts";
import type { Step } from "../task/step.ts";

/** Applications per step. */
const STEP = 200;
/** Maximum number of applications listed: those with the most messages. */
const MAX_LISTED = 1000;
/** Interval at which to check whether the statistics include all messages of the range. */
const WAIT_MS = 500;

export interface UsageRange {
  /** Unix milliseconds. */
  readonly since: number;
  readonly until: number;
  /** Ids or uids; `null`: all. */
  readonly apps: readonly string[] | null;
}

interface UsageParams {
  /** Hours since 1970; the end is exclusive. */
  readonly fromHour: number;
  readonly toHour: number;
  /** Message key up to which the statistics must be complete. */
  readonly counted: number;
  /** Last key assigned before the request. Later applications are not included. */
  readonly to: number;
  /** Keys; `null`: all. */
  readonly applications: readonly number[] | null;
}

interface ApplicationUsage {
  readonly appId: string;
  readonly appUid: string | null;
  readonly messages: number;
  readonly attemptsOk: number;
  readonly attemptsFailed: number;
}

interface UsageData extends TaskData {
  readonly cursor: number;
  readonly shown: {
    /** Total of all applications. */
    readonly messages: number;
    readonly applications: readonly ApplicationUsage[];
    /** Number of applications with fewer messages that are not listed. */
    readonly omitted: number;
  };
}

export interface StartedUsage {
  readonly task: Task;
  /** Requested ids and uids without an application. */
  readonly unresolved: readonly string[];
}

export async function aggregateApplications({ ctx, input }: Call<UsageRange>): Promise<StartedUsage> {
  const { since, until, apps } = input;
  if (since > until) throw new PosthornError("invalid_range", "`since` must be before `until`.");
  const { services } = ctx;
  const found = apps === null ? null : await resolve(ctx, apps);
  const visible = visibleApplications(ctx.actor)?.toSorted((a, b) => a - b) ?? null;
  const params: UsageParams = {
    fromHour: Math.floor(since / HOUR_MS),
    toHour: Math.ceil(until / HOUR_MS),
    counted: Math.min(keyAtTime(until), services.ids.lastKey),
    to: services.ids.lastKey,
    applications: found?.keys ?? visible,
  };
  const data: UsageData = { messagesSent: 0, cursor: 0, shown: { messages: 0, applications: [], omitted: 0 } };
  const task = await startTask(ctx, { kind: "application.stats", appKey: null, params, data });
  return { task, unresolved: found?.unresolved ?? [] };
}

async function resolve(ctx: Context, refs: readonly string[]) {
  const own = reader(ctx)
    .selectFrom("application")
    .select(["id", "public_id", "uid"])
    .where("org_id", "=", ctx.actor.orgId)
    .where("kind", "=", APPLICATION_KIND.customer)
    .where("deleted_at", "is", null);
  const keys = refs.map((ref) => keyOfId("app_", ref)).filter((key) => key !== null);
  const sees = ({ id }: { readonly id: number }) => seesApplication(ctx.actor, id);
  const byId = keys.length === 0 ? [] : (await own.where("id", "in", keys).execute()).filter(sees);
  const byUid = (await own.where("uid", "in", refs).execute()).filter(sees);
  const known = new Set([...byId.map((row) => row.public_id), ...byUid.map((row) => row.uid)]);
  return {
    keys: [...new Set([...byId, ...byUid].map((row) => row.id))].toSorted((a, b) => a - b),
    unresolved: refs.filter((ref) => !known.has(ref)),
  };
}

export async function applicationUsageStep(services: Services, task: Task): Promise<Step> {
  const params = task.params as UsageParams;
  const data = task.data as UsageData;
  if (!(await isCounted(services, params.counted))) return { kind: "wait", waitMs: WAIT_MS };
  const { store } = services;
  const named = params.applications?.filter((key) => key > data.cursor).slice(0, STEP) ?? null;
  const own = store.db
    .selectFrom("application")
    .select(["id", "public_id", "uid"])
    .where("org_id", "=", task.orgId)
    .where("kind", "=", APPLICATION_KIND.customer)
    .where("id", ">", data.cursor)
    .orderBy("id");
  const rows = await (
    named === null
      ? own.where("deleted_at", "is", null).where("id", "<=", params.to).limit(STEP)
      : own.where("id", "in", named)
  ).execute();
  const last = named === null ? rows.at(-1)?.id : named.at(-1);
  if (last === undefined) return { kind: "write", write: async () => ({ data, end: "finished", waitMs: 0 }) };
  const usages = await Promise.all(
    rows.map(async ({ id, public_id: appId, uid: appUid }) => ({
      appId,
      appUid,
      ...(await sumOf(services, task.orgId, id, params)),
    })),
  );
  const shown = merge(data.shown, usages);
  return { kind: "write", write: async () => ({ data: { ...data, cursor: last, shown }, end: null, waitMs: 0 }) };
}

async function isCounted(services: Services, key: number): Promise<boolean> {
  await services.statistics.refresh();
  const cursor = await rolledUpTo(services, "message");
  if (cursor >= key) return true;
  const next = await services.store.db
    .selectFrom("message")
    .select("id")
    .where("id", ">", cursor)
    .where("id", "<=", key)
    .limit(1)
    .executeTakeFirst();
  return next === undefined;
}

async function sumOf({ store }: Services, orgId: number, appId: number, { fromHour, toHour }: UsageParams) {
  const row = await store.db
    .selectFrom("rollup")
    .select((eb) => [
      eb.fn.coalesce(eb.fn.sum<number>("messages"), eb.lit(0)).as("messages"),
      eb.fn.coalesce(eb.fn.sum<number>("attempts_ok"), eb.lit(0)).as("attemptsOk"),
      eb.fn.coalesce(eb.fn.sum<number>("attempts_failed"), eb.lit(0)).as("attemptsFailed"),
    ])
    .where("org_id", "=", orgId)
    .where("app_id", "=", appId)
    .where("endpoint_id", "=", 0)
    .where("hour", ">=", fromHour)
    .where("hour", "<", toHour)
    .executeTakeFirstOrThrow();
  return row;
}

function merge(shown: UsageData["shown"], usages: readonly ApplicationUsage[]): UsageData["shown"] {
  const all = [...shown.applications, ...usages].toSorted((a, b) => b.messages - a.messages);
  return {
    messages: shown.messages + usages.reduce((sum, { messages }) => sum + messages, 0),
    applications: all.slice(0, MAX_LISTED),
    omitted: shown.omitted + Math.max(0, all.length - MAX_LISTED),
  };
}
