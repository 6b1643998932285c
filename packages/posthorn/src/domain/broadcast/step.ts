/**
 * Step of a broadcast: publishes the message to some applications.
 *
 * Messages are accepted like any publish, each with its own idempotency key, which is kept until the new cursor is on disk. After a crash
 * in between, the step is repeated and finds the messages already published.
 */
import type { Selectable } from "kysely";
import { APPLICATION_KIND, type BroadcastTable } from "../../store/schema.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import type { AcceptResult, IdempotencyKey } from "../../store/store.ts";
import type { Job } from "../../store/delivery.ts";
import type { Services } from "../context.ts";
import { firstJobs, type Prepared, prepareMessage } from "../message/prepare.ts";
import type { Task } from "../task/task.ts";
import { type BroadcastData, type BroadcastMessage, dataOf, paramsOf } from "./broadcast.ts";
import type { Step } from "../task/step.ts";
import type { Tx } from "../../store/tx.ts";

/** Applications per step. */
const CHUNK = 100;
/** Maximum total size of all copies of the payload in one step. */
const CHUNK_BYTES = 8 * 1024 * 1024;

export async function broadcastStep(services: Services, task: Task): Promise<Step> {
  const data = dataOf(task);
  const broadcast = await services.store.db
    .selectFrom("broadcast")
    .selectAll()
    .where("task_id", "=", task.key)
    .executeTakeFirstOrThrow();
  if (data.canceling === true) return lastStep(task, data, "canceled");
  const limit = Math.max(
    1,
    Math.min(CHUNK, Math.floor(CHUNK_BYTES / ((broadcast.payload_sealed ?? broadcast.payload).byteLength + 1))),
  );
  const found = await nextApplications(services, task, limit);
  if (found.last === null) return lastStep(task, data, "finished");
  const { last, looked, wanted } = found;
  let sent = 0;
  return {
    kind: "write",
    before: async () => {
      sent = await publish(services, { task, broadcast, applications: wanted });
    },
    write: async (tx) => {
      await forgetKeys(tx, task.key);
      return { data: progress(data, { last, looked, sent, skipped: wanted.length - sent }), end: null, waitMs: 0 };
    },
  };
}

/** Ends the broadcast and deletes its temporary data. */
function lastStep(task: Task, data: BroadcastData, end: "finished" | "canceled"): Step {
  return {
    kind: "write",
    write: async (tx) => {
      await forgetKeys(tx, task.key);
      await tx.db.deleteFrom("broadcast").where("task_id", "=", task.key).execute();
      return { data, end, waitMs: 0 };
    },
  };
}

/** Idempotency key for an application. Its bucket is unique to the broadcast, because time buckets have lower numbers. */
function keyFor(task: Task, applicationKey: number): IdempotencyKey {
  return { hash: String(applicationKey), buckets: [task.key] };
}

async function forgetKeys({ db }: Tx, taskKey: number): Promise<void> {
  await db.deleteFrom("idempotency").where("bucket", "=", taskKey).execute();
}

interface Found {
  /** Key of the last application read; `null` if there are no more. */
  readonly last: number | null;
  readonly looked: number;
  /** Keys of the applications that match. */
  readonly wanted: readonly number[];
}

async function nextApplications({ store }: Services, task: Task, limit: number): Promise<Found> {
  const { to, applications, metadata } = paramsOf(task);
  const { cursor } = dataOf(task);
  const named = applications?.filter((key) => key > cursor).slice(0, limit) ?? null;
  if (named?.length === 0) return { last: null, looked: 0, wanted: [] };
  const own = store.db
    .selectFrom("application")
    .select(["id", "metadata_json"])
    .where("org_id", "=", task.orgId)
    .where("kind", "=", APPLICATION_KIND.customer)
    .where("deleted_at", "is", null)
    .orderBy("id");
  const rows = await (
    named === null ? own.where("id", ">", cursor).where("id", "<=", to).limit(limit) : own.where("id", "in", named)
  ).execute();
  const last = named === null ? rows.at(-1)?.id : named.at(-1);
  const wanted = rows.filter((row) => metadata === null || holds(row.metadata_json, metadata));
  return { last: last ?? null, looked: rows.length, wanted: wanted.map(({ id }) => id) };
}

function holds(json: string, wanted: Readonly<Record<string, string>>): boolean {
  const metadata = new Map(Object.entries(JSON.parse(json) as Record<string, string>));
  return Object.entries(wanted).every(([name, value]) => metadata.get(name) === value);
}

interface Publishing {
  readonly task: Task;
  readonly broadcast: Selectable<BroadcastTable>;
  readonly applications: readonly number[];
}

/** The payload of a broadcast, decrypted. */
export function payloadOf(
  { secretBox }: Pick<Services, "secretBox">,
  { task_id: taskKey, payload, payload_sealed: sealed }: Omit<Selectable<BroadcastTable>, "message_json">,
): Uint8Array {
  return sealed === null ? payload : secretBox.openBytes(sealed, sealedIn("broadcast.payload_sealed", taskKey));
}

/** Publishes to these applications. Returns how many have the message. */
async function publish(services: Services, { task, broadcast, applications }: Publishing): Promise<number> {
  const payload = payloadOf(services, broadcast);
  const publication = { ...(JSON.parse(broadcast.message_json) as BroadcastMessage), payload };
  const loaded = await Promise.all(applications.map(async (key) => services.directory.application(key)));
  const prepared = loaded
    .filter((application) => application !== null)
    .map((application) => prepareMessage({ services }, application, publication, keyFor(task, application.key)));
  const results = await services.store.acceptAll(prepared.map(({ entry }) => entry));
  services.dispatch.push(prepared.flatMap((one, index) => jobsOf(one, results[index]!)));
  for (const [index, { entry }] of prepared.entries()) {
    const result = results[index]!;
    if (result.status === "fulfilled" && result.value.kind === "stored") services.tracing?.published(entry, null);
  }
  const refused = results.find((result) => result.status === "rejected");
  if (refused !== undefined) throw refused.reason as Error;
  return results.filter((result) => result.status === "fulfilled" && result.value.kind !== "duplicate_event_id").length;
}

function jobsOf({ entry }: Prepared, result: PromiseSettledResult<AcceptResult>): readonly Job[] {
  if (result.status === "rejected" || result.value.kind !== "stored") return [];
  return firstJobs(entry, result.value.dues ?? null);
}

interface Sent {
  readonly last: number;
  readonly looked: number;
  readonly sent: number;
  readonly skipped: number;
}

function progress({ messagesSent, shown }: BroadcastData, { last, looked, sent, skipped }: Sent): BroadcastData {
  return {
    messagesSent: messagesSent + sent,
    cursor: last,
    shown: { applications: shown.applications + looked, skipped: shown.skipped + skipped },
  };
}
