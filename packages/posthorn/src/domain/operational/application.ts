import { notFound, PosthornError } from "../../lib/errors.ts";
import type { Call, Context } from "../context.ts";
import { insertApplication } from "../application/create.ts";
import { findApplication } from "../application/find.ts";
import type { EndpointRef } from "../endpoint/find.ts";
import { OPERATIONAL_UID, operational } from "./operational.ts";

/** The call of a verb for one operational endpoint. The application is made with the first endpoint: before, there is none to find. */
export async function operationalCall<Ctx extends Context>(
  ctx: Ctx,
  endpoint: string,
): Promise<Call<EndpointRef, Ctx>> {
  const hidden = operational(ctx);
  if ((await findApplication(hidden, OPERATIONAL_UID)) === null) throw notFound("endpoint");
  return { ctx: hidden, input: { app: OPERATIONAL_UID, endpoint } };
}

/** Whether the organisation ever had an operational endpoint. */
export async function hasOperationalApplication(ctx: Context): Promise<boolean> {
  return (await findApplication(operational(ctx), OPERATIONAL_UID)) !== null;
}

/** Makes the application of the operational endpoints unless it is there; the context in which verbs see it. */
export async function ensureOperationalApplication<Ctx extends Context>(ctx: Ctx): Promise<Ctx> {
  const hidden = operational(ctx);
  if ((await findApplication(hidden, OPERATIONAL_UID)) !== null) return hidden;
  try {
    const name = "Operational webhooks";
    await insertApplication(hidden, { uid: OPERATIONAL_UID, name, throttleRate: null, metadata: {} });
  } catch (error) {
    // Two first endpoints at once: one of them makes the application, both use it.
    if (!(error instanceof PosthornError && error.code === "conflict")) throw error;
  }
  return hidden;
}
