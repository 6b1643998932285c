import { isVerifiable, WEBHOOK_KIND } from "../../destinations/kinds.ts";
import { isUniqueViolation } from "../../store/errors.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { atomically, type Call, type Context, write } from "../context.ts";
import { announceEndpoint } from "../operational/operational.ts";
import { insertEndpoint } from "./create.ts";
import { originOf, toVerification, verificationJson } from "./verification.ts";
import { disabledManually, disabledJson } from "./disabled.ts";
import { checkEventTypes, type Endpoint, type EndpointInput, toColumns, uidClash } from "./endpoint.ts";
import { type EndpointRef, findEndpoint, getEndpoint } from "./find.ts";
import { changedTarget, type Target, urlMissing } from "./target.ts";
import type { Tx } from "../../store/tx.ts";

/** Replaces all fields except secret and headers, or creates an endpoint (with a new id) if there is none. */
export function upsertEndpoint(
  call: Call<EndpointRef & { readonly fields: EndpointInput }>,
): Promise<{ endpoint: Endpoint; created: boolean }> {
  return atomically(call, async ({ ctx, input }) => {
    const application = await getApplication(ctx, input.app);
    const existing = await findEndpoint(ctx, application, input.endpoint);
    if (existing !== null) {
      checkUrlGiven(existing, input.fields);
      const target = await changedTarget(ctx, existing, input.fields, "secrets");
      return { endpoint: await save(ctx, application, existing, { ...input.fields, target }), created: false };
    }
    const endpoint = await insertEndpoint(ctx, application, { ...input.fields, secret: null, headers: {} });
    return { endpoint, created: true };
  });
}

/** Changes the given fields. */
export function patchEndpoint(
  call: Call<EndpointRef & { readonly changes: Partial<EndpointInput> }>,
): Promise<Endpoint> {
  return atomically(call, async ({ ctx, input }) => {
    const { application, endpoint } = await getEndpoint(ctx, input);
    const { kind = null, url = null, config = null, ...settings } = input.changes;
    const target = await changedTarget(ctx, endpoint, { kind, url, config }, "all");
    return save(ctx, application, endpoint, { ...endpoint, ...settings, target });
  });
}

/** A webhook is replaced as a whole, while the configuration of other kinds is kept if none is given. */
function checkUrlGiven(existing: Endpoint, { kind, url }: EndpointInput): void {
  if (existing.kind === WEBHOOK_KIND && (kind ?? WEBHOOK_KIND) === WEBHOOK_KIND && url === null) throw urlMissing();
}

interface SaveInput extends Omit<EndpointInput, "kind" | "url" | "config"> {
  /** `null`: it does not change. */
  readonly target: Target | null;
}

async function save(
  ctx: Context,
  application: Application,
  existing: Endpoint,
  { target, ...input }: SaveInput,
): Promise<Endpoint> {
  const { url } = target ?? existing;
  const fields = { ...input, url };
  await checkEventTypes(ctx, fields.eventTypes, existing.eventTypes);
  ctx.audit?.changed(existing, { ...existing, ...fields, config: target === null ? existing.config : target.shown });
  const updatedAt = ctx.services.now();
  try {
    await write(ctx, async (tx) => {
      const columns = {
        ...toColumns(fields),
        ...(target === null ? {} : target.columns),
        ...enablementColumns(existing, fields, updatedAt),
        updated_at: updatedAt,
      };
      await tx.db.updateTable("endpoint").set(columns).where("id", "=", existing.key).execute();
      if (isVerifiable(existing.kind) && originOf(url) !== originOf(existing.url))
        await resetVerification(tx, existing.key);
      await announceChange(ctx, tx, application, existing, fields);
      tx.signal({ kind: "application", key: existing.appKey });
      if (existing.disabled && !fields.disabled) tx.signal({ kind: "healthy", endpointId: existing.key });
      // Deliveries that were on hold while it was disabled, or while the old URL failed, can be sent.
      tx.signal({ kind: "try", endpointId: existing.key });
    });
  } catch (error) {
    throw isUniqueViolation(error) ? uidClash(fields.uid, error) : error;
  }
  return { ...existing, ...fields, config: target === null ? existing.config : target.shown, updatedAt };
}

/** Columns to set if this change enables or disables the endpoint. */
function enablementColumns(
  existing: Endpoint,
  fields: Pick<Endpoint, "disabled">,
  at: number,
): { disabled_json?: string | null; flow_json?: null } {
  if (fields.disabled === existing.disabled) return {};
  return { disabled_json: fields.disabled ? disabledJson(disabledManually(at)) : null, flow_json: null };
}

async function announceChange(
  ctx: Context,
  tx: Tx,
  application: Application,
  existing: Endpoint,
  fields: Pick<Endpoint, "uid" | "disabled">,
): Promise<void> {
  const subject = { application, endpoint: { id: existing.id, uid: fields.uid } };
  await announceEndpoint(ctx, tx, "endpoint.updated", subject);
  if (fields.disabled === existing.disabled) return;
  if (fields.disabled) await announceEndpoint(ctx, tx, "endpoint.disabled", subject, { trigger: "manual" });
  else await announceEndpoint(ctx, tx, "endpoint.enabled", subject, { trigger: "manual" });
}

/** Removes the verification, because it does not apply to another host. */
async function resetVerification({ db }: Tx, endpointKey: number): Promise<void> {
  const row = await db
    .selectFrom("endpoint")
    .select("verification_json")
    .where("id", "=", endpointKey)
    .executeTakeFirstOrThrow();
  const { required } = toVerification(row.verification_json);
  const verification_json = verificationJson({ required, proof: null });
  await db.updateTable("endpoint").set({ verification_json }).where("id", "=", endpointKey).execute();
}
