/** Starts the rotation of data keys, and the check of encrypted values. Both run as background tasks of the operator's organisation. */
import { PosthornError } from "../../lib/errors.ts";
import type { Call, Context } from "../context.ts";
import { reader } from "../context.ts";
import { requireOperator } from "../organisation/operator.ts";
import { startTask } from "../task/start.ts";
import type { Task } from "../task/task.ts";
import { NOTHING_SCANNED, type ResealData, type VerifyData } from "./progress.ts";

/**
 * Starts a rotation: a new data key, wrapped by the current root key, seals all values, and every other data key is destroyed. If a rotation is
 * already running, returns that one instead.
 */
export async function rotateKeys({ ctx }: Call<null>): Promise<Task> {
  await requireKeyOperator(ctx);
  await refuseSecond(ctx);
  const data: ResealData = {
    messagesSent: 0,
    phase: "create",
    keyId: null,
    resealed: 0,
    ...NOTHING_SCANNED,
    found: 0,
    unreadable: 0,
    passes: 0,
    passFrom: 0,
    waitingFor: [],
    switchedAt: null,
    shown: { phase: "create", scanned: 0, resealed: 0, waitingFor: [] },
  };
  return startTask(ctx, { kind: "encryption.rotate", appKey: null, params: {}, data });
}

/** Starts a check that opens every encrypted value, and counts them by column and key. */
export async function verifyKeys({ ctx }: Call<null>): Promise<Task> {
  await requireKeyOperator(ctx);
  const data: VerifyData = {
    messagesSent: 0,
    ...NOTHING_SCANNED,
    counts: {},
    failed: 0,
    failures: [],
    shown: { scanned: 0, failed: 0, counts: {}, failures: [] },
  };
  return startTask(ctx, { kind: "encryption.verify", appKey: null, params: {}, data });
}

/** Only for the first organisation, because keys encrypt the data of all organisations. */
export function requireKeyOperator(ctx: Context): Promise<void> {
  return requireOperator(
    ctx,
    "Encryption keys belong to the whole server. Only the first organisation of the server may see and rotate them.",
  );
}

async function refuseSecond(ctx: Context): Promise<void> {
  const running = await reader(ctx)
    .selectFrom("task")
    .select("public_id")
    .where("kind", "=", "encryption.rotate")
    .where("ended_at", "is", null)
    .executeTakeFirst();
  if (running === undefined) return;
  throw new PosthornError("conflict", `A rotation is running already: ${running.public_id}. Wait until it has ended.`);
}
