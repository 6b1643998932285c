import { atomically, type Call, type Context, write } from "../context.ts";
import { type Application, type ApplicationInput, metadataJson } from "./application.ts";
import { insertApplication, uidTaken } from "./create.ts";
import { findApplication, getApplication, ofCustomers } from "./find.ts";

/** Replaces all fields of an application, or creates one (with a new id) if there is none. */
export function upsertApplication(
  call: Call<ApplicationInput & { readonly ref: string }>,
): Promise<{ application: Application; created: boolean }> {
  return atomically(call, async ({ ctx, input }) => {
    const existing = await findApplication(ofCustomers(ctx), input.ref);
    if (existing === null) return { application: await insertApplication(ctx, input), created: true };
    return { application: await save(ctx, existing, input), created: false };
  });
}

/** Changes the given fields. */
export function patchApplication(
  call: Call<{ readonly ref: string; readonly changes: Partial<ApplicationInput> }>,
): Promise<Application> {
  return atomically(call, async ({ ctx, input }) => {
    const existing = await getApplication(ofCustomers(ctx), input.ref);
    return save(ctx, existing, { ...existing, ...input.changes });
  });
}

async function save(ctx: Context, existing: Application, input: ApplicationInput): Promise<Application> {
  const updatedAt = ctx.services.now();
  const { name, uid, throttleRate, metadata } = input;
  ctx.audit?.changed(existing, { ...existing, name, uid, throttleRate, metadata });
  try {
    await write(ctx, async ({ db, signal }) => {
      await db
        .updateTable("application")
        .set({ name, uid, throttle_rate: throttleRate, metadata_json: metadataJson(metadata), updated_at: updatedAt })
        .where("id", "=", existing.key)
        .execute();
      signal({ kind: "application", key: existing.key });
    });
  } catch (error) {
    throw uidTaken(error, uid);
  }
  return { ...existing, name, uid, throttleRate, metadata, updatedAt };
}
