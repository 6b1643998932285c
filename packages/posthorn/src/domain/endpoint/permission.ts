/**
 * Asynchronous permission of the CloudEvents handshake ("HTTP 1.1 Web Hooks for Event Delivery", section 4.1.3): a receiver that does not
 * decide immediately requests the callback URL later, either itself or through an administrator with a browser.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { keyOfId } from "../../lib/id.ts";
import type { Tx } from "../../store/tx.ts";
import { recordSystemChange } from "../audit/trail.ts";
import { type OutsideContext, type Services, write } from "../context.ts";
import type { DirectoryEndpoint } from "../directory-endpoint.ts";
import { originOf, type Proof, type RequestedPermission, toVerification, verificationJson } from "./verification.ts";

export const PERMISSION_PATH = "/webhook-permission";
/** How long a callback URL can be used. */
const VALID_MS = 7 * 86_400_000;

export interface OfferedCallback {
  readonly url: string;
  readonly until: number;
}

/** Stores that the endpoint is asked for permission. The URL is part of the request and replaces earlier ones. */
export async function offerCallback(ctx: OutsideContext, endpoint: DirectoryEndpoint): Promise<OfferedCallback> {
  const { rules, now } = ctx.services;
  const secret = randomBytes(32).toString("base64url");
  const until = now() + VALID_MS;
  const permission: RequestedPermission = {
    hash: hashOf(secret),
    until,
    urlOrigin: originOf(endpoint.url),
    requestOrigin: new URL(rules.publicUrl()).hostname,
    grantedAt: null,
  };
  const id = await write(ctx, async ({ db }) => {
    const row = await db
      .selectFrom("endpoint")
      .select(["public_id", "verification_json"])
      .where("id", "=", endpoint.key)
      .executeTakeFirstOrThrow();
    const verification_json = verificationJson({ ...toVerification(row.verification_json), permission });
    await db.updateTable("endpoint").set({ verification_json }).where("id", "=", endpoint.key).execute();
    return row.public_id;
  });
  return { url: `${rules.publicUrl()}${PERMISSION_PATH}/${id}/${secret}`, until };
}

export interface Permission {
  /** Public ID of the endpoint. */
  readonly endpoint: string;
  readonly secret: string;
  /** Deliveries per minute; `null`: no limit. */
  readonly ratePerMinute: number | null;
}

/** Grants the permission that an endpoint was asked for. Returns whether there is such a request that has not expired. */
export function grantPermission(services: Services, { endpoint, secret, ratePerMinute }: Permission): Promise<boolean> {
  const key = keyOfId("ep_", endpoint);
  if (key === null) return Promise.resolve(false);
  return services.store.transaction(async (tx) => {
    const row = await tx.db
      .selectFrom("endpoint as e")
      .innerJoin("application as a", "a.id", "e.app_id")
      .select(["e.app_id", "e.url", "e.verification_json", "a.org_id", "a.public_id as app"])
      .where("e.id", "=", key)
      .where("e.public_id", "=", endpoint)
      .where("e.deleted_at", "is", null)
      .executeTakeFirst();
    if (row === undefined) return false;
    const verification = toVerification(row.verification_json);
    const { permission } = verification;
    const at = services.now();
    if (permission === undefined || permission.until <= at || !isEqual(permission.hash, hashOf(secret))) return false;
    const { urlOrigin, requestOrigin } = permission;
    if (originOf(row.url) !== urlOrigin) return false;
    const proof: Proof = { method: "cloudevents", at, urlOrigin, requestOrigin, ratePerMinute };
    await saveVerification(
      tx,
      { key, appKey: row.app_id },
      { ...verification, proof, permission: { ...permission, grantedAt: at } },
    );
    await recordSystemChange(services, tx, {
      orgId: row.org_id,
      action: "system.endpoint.permit",
      target: { kind: "endpoint", id: endpoint, name: null },
      application: { key: row.app_id, id: row.app },
      facts: { ratePerMinute },
    });
    return true;
  }, "endpoint.permission");
}

/** Stores the verification of an endpoint, which releases the deliveries that were on hold until then. */
export async function saveVerification(
  { db, signal }: Tx,
  { key, appKey }: { readonly key: number; readonly appKey: number },
  verification: Parameters<typeof verificationJson>[0],
): Promise<void> {
  const columns = { verification_json: verificationJson(verification) };
  await db.updateTable("endpoint").set(columns).where("id", "=", key).execute();
  signal({ kind: "application", key: appKey }, { kind: "wake", endpointId: key });
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

function isEqual(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
