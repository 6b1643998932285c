/**
 * Target of a replay to a URL: a hidden `endpoint` row that no message matches, deleted when the replay has ended. This way its
 * deliveries use the same lanes, egress guard, signatures and attempts as all others, and the original deliveries are unchanged.
 */
import { generateSecret } from "@posthorn/webhooks";
import { invalid, ValidationError } from "../../lib/errors.ts";
import type { Application } from "../application/application.ts";
import type { Context, Services, TransactionServices } from "../context.ts";
import { checkUrl } from "../endpoint/endpoint.ts";
import { findEndpoint } from "../endpoint/find.ts";
import { sealHeaders } from "../endpoint/headers.ts";
import { checkSecret, currentSecret, insertSecret } from "../endpoint/secret.ts";
import { checkHeaders, type HeaderMap } from "../endpoint/header-rules.ts";
import type { Tx } from "../../store/tx.ts";

export interface OneOffTarget {
  readonly kind: "url";
  readonly url: string;
  /** Signing secret, or the endpoint of the application whose secret to use (`signAs`); if both are `null`, a new one is generated. */
  readonly secret: string | null;
  readonly signAs: string | null;
  readonly headers: HeaderMap;
}

export interface OneOff {
  readonly key: number;
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly headers: HeaderMap;
}

/** Validates the URL, secret and headers like those of an endpoint. */
export async function checkOneOff(ctx: Context, application: Application, target: OneOffTarget): Promise<OneOff> {
  const { headers } = target;
  return within("target", async () => {
    const url = await checkUrl(ctx, application.key, target.url);
    checkHeaders(headers);
    const secret = await secretOf(ctx, application, target);
    return { ...ctx.services.ids.next("ep_"), url, secret, headers };
  });
}

/** Changes the location of validation errors to this field of the request. */
async function within<T>(field: string, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    const issues = error.issues.map(({ loc, ...issue }) => ({ ...issue, loc: ["body", field, ...loc.slice(1)] }));
    throw new ValidationError(issues, { cause: error });
  }
}

async function secretOf(ctx: Context, application: Application, { secret, signAs }: OneOffTarget): Promise<string> {
  if (secret !== null && signAs !== null) {
    throw invalid("signAs", "Set either `secret` or `signAs`, not both.");
  }
  if (secret !== null) return checkSecret(secret, "secret");
  if (signAs === null) return generateSecret();
  const endpoint = await findEndpoint(ctx, application, signAs);
  if (endpoint === null) throw invalid("signAs", `The application has no endpoint "${signAs}".`);
  return currentSecret(ctx, endpoint.key);
}

export async function insertOneOff(
  ctx: Context,
  tx: Tx,
  { key, id, url, secret, headers, taskKey, appKey }: OneOff & { readonly taskKey: number; readonly appKey: number },
): Promise<void> {
  const at = ctx.services.now();
  await tx.db
    .insertInto("endpoint")
    .values({
      id: key,
      public_id: id,
      app_id: appKey,
      uid: null,
      url,
      description: "Target of a replay.",
      version: 1,
      throttle_rate: null,
      disabled: 0,
      event_types_json: "[]",
      channels_json: null,
      metadata_json: "{}",
      headers_sealed: sealHeaders(ctx, key, headers),
      egress_sealed: null,
      policy_json: null,
      created_at: at,
      updated_at: at,
      deleted_at: null,
      replay_task_id: taskKey,
    })
    .execute();
  await insertSecret(ctx, tx, key, secret);
  tx.signal({ kind: "application", key: appKey });
}

/** Deletes the target of a replay; its pending deliveries are canceled. */
export async function deleteOneOff({ now }: Pick<TransactionServices, "now">, tx: Tx, taskKey: number): Promise<void> {
  const rows = await tx.db
    .updateTable("endpoint")
    .set({ deleted_at: now() })
    .where("replay_task_id", "=", taskKey)
    .where("deleted_at", "is", null)
    .returning(["id", "app_id"])
    .execute();
  for (const row of rows) tx.signal({ kind: "application", key: row.app_id }, { kind: "wake", endpointId: row.id });
}

/** Deletes the targets of ended replays that have no pending deliveries. */
export async function sweepOneOffs(services: Services): Promise<void> {
  const rows = await services.store.db
    .selectFrom("endpoint")
    .innerJoin("task", "task.id", "endpoint.replay_task_id")
    .select("endpoint.replay_task_id as taskKey")
    .where("endpoint.replay_task_id", "is not", null)
    .where("endpoint.deleted_at", "is", null)
    .where("task.ended_at", "is not", null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("delivery")
            .select("delivery.message_id")
            .whereRef("delivery.endpoint_id", "=", "endpoint.id")
            .where("delivery.due", "is not", null),
        ),
      ),
    )
    .limit(100)
    .execute();
  for (const { taskKey } of rows)
    await services.store.transaction((tx) => deleteOneOff(services, tx, taskKey!), "replay.one-off");
}
