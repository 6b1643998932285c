import { APPLICATION_KIND } from "../../store/schema.ts";
import { deleteApplication } from "../application/delete.ts";
import { atomically, type Call } from "../context.ts";
import { getSource } from "./find.ts";
import { leaveSession } from "./sessions.ts";
import { applicationIdOf } from "./source.ts";

/** Deletes a source. Its URL responds 404 from then on, and pending deliveries to its endpoints are canceled. */
export function deleteSource(call: Call<{ readonly ref: string }>): Promise<void> {
  return atomically(call, async ({ ctx, input }) => {
    const source = await getSource(ctx, input.ref);
    const { key, id } = source;
    const { db, signal } = ctx.tx;
    await leaveSession(ctx, source, null);
    await db.updateTable("source").set({ deleted_at: ctx.services.now() }).where("id", "=", key).execute();
    for (const table of [
      "source_token",
      "source_secret",
      "quarantine",
      "catalogue_entry",
      "source_activity",
      "source_duplicate_total",
      "source_duplicate",
      "source_hour",
      "source_backfill",
      "source_run",
    ] as const) {
      await db.deleteFrom(table).where("source_id", "=", key).execute();
    }
    await deleteApplication({
      ctx: { ...ctx, applicationKind: APPLICATION_KIND.source },
      input: { ref: applicationIdOf(id) },
    });
    signal({ kind: "source", key: key });
  });
}
