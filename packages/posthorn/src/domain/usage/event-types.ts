/** Background task that counts the stored messages of an organisation by event type. */
import { APPLICATION_KIND } from "../../store/schema.ts";
import type { Call, Services } from "../context.ts";
import { startTask } from "../task/start.ts";
import type { Task, TaskData } from "../task/task.ts";
import type { Step } from "../task/step.ts";

/** Messages scanned per step. Includes messages of all organisations, because they are read in key order. */
const STEP = 5000;
/** Maximum number of event types listed; messages of others are counted together. */
const MAX_NAMES = 1000;

interface UsageParams {
  /** Key of the last message to count. */
  readonly to: number;
}

interface UsageData extends TaskData {
  readonly cursor: number;
  readonly shown: {
    /** Messages by event type. */
    readonly eventTypes: Readonly<Record<string, number>>;
    readonly others: number;
  };
}

export function aggregateEventTypes({ ctx }: Call<null>): Promise<Task> {
  const params: UsageParams = { to: ctx.services.ids.lastKey };
  const data: UsageData = { messagesSent: 0, cursor: 0, shown: { eventTypes: {}, others: 0 } };
  return startTask(ctx, { kind: "event-type.aggregate", appKey: null, params, data });
}

export async function eventTypeUsageStep({ store }: Services, task: Task): Promise<Step> {
  const { to } = task.params as UsageParams;
  const data = task.data as UsageData;
  const rows = await store.db
    .selectFrom("message")
    .select("id")
    .where("id", ">", data.cursor)
    .where("id", "<=", to)
    .orderBy("id")
    .limit(STEP)
    .execute();
  const last = rows.at(-1)?.id;
  if (last === undefined) return { kind: "write", write: async () => ({ data, end: "finished", waitMs: 0 }) };
  const counted = await store.db
    .selectFrom("message")
    .innerJoin("application", "application.id", "message.app_id")
    .select((eb) => ["message.event_type as name", eb.fn.countAll<number>().as("messages")])
    .where("message.id", ">", data.cursor)
    .where("message.id", "<=", last)
    .where("application.org_id", "=", task.orgId)
    .where("application.kind", "=", APPLICATION_KIND.customer)
    .groupBy("message.event_type")
    .execute();
  const shown = counted.reduce(add, data.shown);
  return { kind: "write", write: async () => ({ data: { ...data, cursor: last, shown }, end: null, waitMs: 0 }) };
}

function add(
  { eventTypes, others }: UsageData["shown"],
  { name, messages }: { readonly name: string; readonly messages: number },
): UsageData["shown"] {
  const known = Object.hasOwn(eventTypes, name) ? eventTypes[name]! : null;
  if (known === null && Object.keys(eventTypes).length >= MAX_NAMES) return { eventTypes, others: others + messages };
  return { eventTypes: Object.fromEntries([...Object.entries(eventTypes), [name, (known ?? 0) + messages]]), others };
}
