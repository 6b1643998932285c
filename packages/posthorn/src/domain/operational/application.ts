import { notFound, PosthornError } from "../../lib/errors.ts";
import type { Call, Context } from "../context.ts";
import { insertApplication } from "../application/create.ts";
import { findApplication } from "../application/find.ts";
import type { EndpointRef } from "../endpoint/find.ts";
import { OPERATIONAL_UID, operational } from "./operational.ts";

/** Call of an operation on one operational endpoint. Throws `not_found` before the first one, which creates the hidden application. */
export async function operationalCall<Ctx extends Context>(
  ctx: Ctx,
  endpoint: string,
): Promise<Call<EndpointRef, Ctx>> {
  const hidden = operational(ctx);
  if ((await findApplication(hidden, OPERATIONAL_UID)) === null) throw notFound("endpoint");
  return { ctx: hidden, input: { app: OPERATIONAL_UID, endpoint } };
}

/** Whether the organisation has ever had an operational endpoint. */
export async function hasOperationalApplication(ctx: Context): Promise<boolean> {
  return (await findApplication(operational(ctx), OPERATIONAL_UID)) !== null;
}

/** Creates the hidden application of the operational endpoints if necessary. Returns the context for operations on it. */
export async function ensureOperationalApplication<Ctx extends Context>(ctx: Ctx): Promise<Ctx> {
  const hidden = operational(ctx);
  if ((await findApplication(hidden, OPERATIONAL_UID)) !== null) return hidden;
  try {
    const name = "Operational webhooks";
    await insertApplication(hidden, { uid: OPERATIONAL_UID, name, throttleRate: null, metadata: {} });
  } catch (error) {
    // A concurrent request has created the application; use it.
    if (!(error instanceof PosthornError && error.code === "conflict")) throw error;
  }
  return hidden;
}
