import { generateSecret } from "@posthorn/webhooks";
import { isVerifiable } from "../../destinations/kinds.ts";
import { PosthornError } from "../../lib/errors.ts";
import { isUniqueViolation } from "../../store/errors.ts";
import type { Application } from "../application/application.ts";
import { getApplication } from "../application/find.ts";
import { type Call, type Context, write } from "../context.ts";
import { announceEndpoint, isCustomers } from "../operational/operational.ts";
import { disabledManually, disabledJson } from "./disabled.ts";
import { checkEventTypes, type Endpoint, type EndpointInput, toColumns, uidClash } from "./endpoint.ts";
import { auditName } from "./find.ts";
import { sealHeaders } from "./headers.ts";
import { checkSecret, insertSecret } from "./secret.ts";
import { newTarget, type TargetRights } from "./target.ts";
import { verificationJson } from "./verification.ts";
import { checkHeaders, type HeaderMap } from "./header-rules.ts";
import type { Tx } from "../../store/tx.ts";

export interface CreateEndpoint extends EndpointInput {
  readonly app: string;
  /** `null` to generate one. */
  readonly secret: string | null;
  readonly headers: HeaderMap;
}

export async function createEndpoint({ ctx, input }: Call<CreateEndpoint>): Promise<Endpoint> {
  const { app, ...fields } = input;
  const application = await getApplication(ctx, app);
  return insertEndpoint(ctx, application, fields);
}

export async function insertEndpoint(
  ctx: Context,
  application: Pick<Application, "key" | "id" | "uid">,
  input: Omit<CreateEndpoint, "app">,
  rights: TargetRights = {},
): Promise<Endpoint> {
  const { key: appKey } = application;
  const { secret, headers, ...fields } = input;
  const { key, id } = ctx.services.ids.next("ep_");
  const { url, shown, columns: targetColumns } = await newTarget(ctx, { appKey, key }, fields, rights);
  const checked = { ...fields, url };
  const signingSecret = secret === null ? generateSecret() : checkSecret(secret, "secret");
  checkHeaders(headers);
  // Those of a subscription are its topic's, which were checked when it was created.
  await checkEventTypes(ctx, fields.eventTypes, rights.isSubscription === true ? fields.eventTypes : null);
  const at = ctx.services.now();
  const columns = toColumns(checked);
  ctx.audit?.created("endpoint", id, auditName(fields));
  try {
    await write(ctx, async (tx) => {
      await checkRoom(tx, appKey);
      const row = {
        ...columns,
        ...targetColumns,
        id: key,
        public_id: id,
        app_id: appKey,
        headers_sealed: sealHeaders(ctx, key, headers),
        egress_sealed: null,
        verification_json: isVerifiable(targetColumns.kind) ? requiredOfNew(ctx) : null,
        disabled_json: fields.disabled ? disabledJson(disabledManually(at)) : null,
        created_at: at,
        updated_at: at,
        deleted_at: null,
      };
      await tx.db.insertInto("endpoint").values(row).execute();
      await insertSecret(ctx, tx, key, signingSecret);
      await announceEndpoint(ctx, tx, "endpoint.created", { application, endpoint: { id, uid: fields.uid } });
      tx.signal({ kind: "application", key: appKey });
    });
  } catch (error) {
    throw isUniqueViolation(error) ? uidClash(fields.uid, error) : error;
  }
  const { kind } = targetColumns;
  return { ...checked, kind, config: shown, key, id, appKey, createdAt: at, updatedAt: at };
}

/** Verification that the platform requires of new endpoints of customers. */
function requiredOfNew(ctx: Context): string | null {
  const { verification } = ctx.services.rules.policyDefaults;
  if (verification === "off" || !isCustomers(ctx)) return null;
  return verificationJson({ required: verification, proof: null });
}

/** Maximum number of endpoints per application. Each message is matched with all of them. */
const MAX_ENDPOINTS = 10_000;

async function checkRoom(tx: Tx, appKey: number): Promise<void> {
  const { endpoints } = await tx.db
    .selectFrom("endpoint")
    .select((eb) => eb.fn.countAll<number>().as("endpoints"))
    .where("app_id", "=", appKey)
    .where("deleted_at", "is", null)
    .where("replay_task_id", "is", null)
    .executeTakeFirstOrThrow();
  if (endpoints < MAX_ENDPOINTS) return;
  throw new PosthornError(
    "limit_reached",
    `An application can have up to ${MAX_ENDPOINTS} endpoints. Delete one, or use another application.`,
  );
}
