/** Changes of incidents: by people, and automatically when the failures have ended. */
import { PosthornError } from "../../lib/errors.ts";
import { atomically, type Call, type Services } from "../context.ts";
import { requesterName } from "../task/start.ts";
import { getIncident, type IncidentRef } from "./find.ts";
import type { Incident, IncidentState } from "./incident.ts";

export interface IncidentChange extends IncidentRef {
  readonly state?: IncidentState | undefined;
  /** Unix milliseconds; `null`: no longer muted. */
  readonly mutedUntil?: number | null | undefined;
}

/** Acknowledges, resolves, reopens or mutes an incident. A resolved incident cannot be reopened: further failures open a new one. */
export function changeIncident(call: Call<IncidentChange>): Promise<Incident> {
  return atomically(call, async ({ ctx, input }) => {
    const incident = await getIncident({ ctx, input });
    const { state = incident.state, mutedUntil = incident.mutedUntil } = input;
    if (incident.state === "resolved" && state !== "resolved") {
      throw new PosthornError("conflict", "The incident is resolved. Further failures open a new incident.");
    }
    const at = ctx.services.now();
    const isChanged = state !== incident.state;
    const after: Incident = {
      ...incident,
      state,
      mutedUntil,
      ...(isChanged ? { changedBy: requesterName(ctx.actor), changedAt: at } : {}),
      ...(isChanged && state === "resolved" ? { resolvedAt: at } : {}),
    };
    ctx.audit?.changed(shown(incident), shown(after));
    await ctx.tx.db
      .updateTable("incident")
      .set({
        state,
        muted_until: mutedUntil,
        changed_by: after.changedBy,
        changed_at: after.changedAt,
        resolved_at: after.resolvedAt,
      })
      .where("id", "=", incident.key)
      .execute();
    return after;
  });
}

function shown({ state, mutedUntil }: Incident): object {
  return { state, mutedUntil };
}

/** Maximum number of notes of an incident. */
const MAX_NOTES = 100;

export function addNote(call: Call<IncidentRef & { readonly text: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const incident = await getIncident({ ctx, input });
    const { db } = ctx.tx;
    const { count } = await db
      .selectFrom("incident_note")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .where("incident_id", "=", incident.key)
      .executeTakeFirstOrThrow();
    if (count >= MAX_NOTES) throw new PosthornError("limit_reached", `An incident can have ${MAX_NOTES} notes.`);
    const { key, id } = ctx.services.ids.next("note_");
    await db
      .insertInto("incident_note")
      .values({ id: key, public_id: id, incident_id: incident.key, author: requesterName(ctx.actor), text: input.text })
      .execute();
  });
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** An incident without failures for this long is resolved, unless one of its endpoints is still failing. */
export const QUIET_MS: number = 15 * MINUTE_MS;
/** After this long, it is resolved in any case: its endpoints are disabled, or have nothing to deliver. */
export const STALE_MS: number = 7 * DAY_MS;
/** Resolved incidents are kept for this long. */
export const KEPT_MS: number = 30 * DAY_MS;
const STEP = 500;

/** Resolves the incidents whose failures have ended, and deletes old ones. */
export async function maintainIncidents({ store, now }: Services): Promise<void> {
  const at = now();
  const quiet = await store.db
    .selectFrom("incident as i")
    .select("i.id")
    .where("i.resolved_at", "is", null)
    .where("i.last_at", "<", at - QUIET_MS)
    .where((eb) =>
      eb.or([
        eb("i.last_at", "<", at - STALE_MS),
        eb.not(
          eb.exists(
            eb
              .selectFrom("incident_endpoint as ie")
              .innerJoin("endpoint_failure as f", "f.endpoint_id", "ie.endpoint_id")
              .innerJoin("endpoint as e", "e.id", "ie.endpoint_id")
              .select(eb.lit(1).as("one"))
              .whereRef("ie.incident_id", "=", "i.id")
              .where("e.deleted_at", "is", null),
          ),
        ),
      ]),
    )
    .limit(STEP)
    .execute();
  const old = await store.db
    .selectFrom("incident")
    .select("id")
    .where("resolved_at", "<", at - KEPT_MS)
    .limit(STEP)
    .execute();
  if (quiet.length === 0 && old.length === 0) return;
  await store.transaction(async ({ db }) => {
    for (const { id } of quiet) {
      await db
        .updateTable("incident")
        .set({ state: "resolved", resolved_at: at, changed_by: null, changed_at: at })
        .where("id", "=", id)
        .where("resolved_at", "is", null)
        .where("last_at", "<", at - QUIET_MS)
        .execute();
    }
    for (const { id } of old) {
      await db.deleteFrom("incident_endpoint").where("incident_id", "=", id).execute();
      await db.deleteFrom("incident_slot").where("incident_id", "=", id).execute();
      await db.deleteFrom("incident_note").where("incident_id", "=", id).execute();
      await db.deleteFrom("incident").where("id", "=", id).execute();
    }
  }, "incident.maintain");
}
