import { invalid } from "../../lib/errors.ts";
import { APPLICATION_KIND } from "../../store/schema.ts";
import { sealedIn } from "../../store/sealed-columns.ts";
import { keyOfId } from "../../lib/id.ts";
import { visibleApplications } from "../access.ts";
import { type Call, type Context, reader } from "../context.ts";
import { checkPublication, type Publication } from "../message/prepare.ts";
import { startTask } from "../task/start.ts";
import type { Task } from "../task/task.ts";
import { type BroadcastMessage, type BroadcastParams, NOTHING_SENT } from "./broadcast.ts";

export interface StartBroadcast {
  readonly publication: Publication;
  /** Ids or uids; `null`: all applications. */
  readonly applications: readonly string[] | null;
  /** Only applications whose metadata contains all of this; `null`: any. */
  readonly metadata: Readonly<Record<string, string>> | null;
}

/** Stores the message and starts publishing it to the applications that currently exist. */
export async function startBroadcast({ ctx, input }: Call<StartBroadcast>): Promise<Task> {
  const { publication, metadata } = input;
  checkPublication(ctx, publication);
  const { services } = ctx;
  const { payload, delayMs, ...rest } = publication;
  // A delay starts now, not when the message is published to an application.
  const deliverAt = delayMs === null ? publication.deliverAt : services.now() + delayMs;
  const message: BroadcastMessage = { ...rest, deliverAt, delayMs: null };
  const applications = await selectedKeys(ctx, input.applications);
  const params: BroadcastParams = { to: services.ids.lastKey, applications, metadata };
  return startTask(ctx, {
    kind: "message.broadcast",
    appKey: null,
    params,
    data: NOTHING_SENT,
    prepare: async ({ db }, taskKey) => {
      await db
        .insertInto("broadcast")
        .values({
          task_id: taskKey,
          message_json: JSON.stringify(message),
          payload: new Uint8Array(),
          // Redaction rules are applied when it is published to an application.
          payload_sealed: services.secretBox.sealBytes(payload, sealedIn("broadcast.payload_sealed", taskKey)),
        })
        .execute();
    },
  });
}

/** Sorted keys of the selected applications; `null`: all of the organisation. */
async function selectedKeys(ctx: Context, refs: readonly string[] | null): Promise<readonly number[] | null> {
  if (refs !== null) return keysOf(ctx, refs);
  return visibleApplications(ctx.actor)?.toSorted((a, b) => a - b) ?? null;
}

/** Sorted keys of applications by id or uid. Throws a 422 if one does not exist. */
async function keysOf(ctx: Context, refs: readonly string[]): Promise<readonly number[]> {
  const ids = refs.filter((ref) => keyOfId("app_", ref) !== null);
  const uids = refs.filter((ref) => keyOfId("app_", ref) === null);
  const visible = visibleApplications(ctx.actor);
  const own = reader(ctx)
    .selectFrom("application")
    .select(["id", "public_id", "uid"])
    .where("org_id", "=", ctx.actor.orgId)
    .$if(visible !== null, (applications) => applications.where("id", "in", visible!))
    .where("kind", "=", APPLICATION_KIND.customer)
    .where("deleted_at", "is", null);
  const keys = ids.map((id) => keyOfId("app_", id)!);
  const byId = ids.length === 0 ? [] : await own.where("id", "in", keys).execute();
  const byUid = uids.length === 0 ? [] : await own.where("uid", "in", uids).execute();
  const known = new Set([...byId.map((row) => row.public_id), ...byUid.map((row) => row.uid)]);
  const missing = refs.findIndex((ref) => !known.has(ref));
  if (missing !== -1) {
    throw invalid(["body", "applications", `[${missing}]`], `There is no application "${refs[missing]!}".`);
  }
  return [...new Set([...byId, ...byUid].map((row) => row.id))].toSorted((a, b) => a - b);
}
