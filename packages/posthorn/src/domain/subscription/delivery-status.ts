import type { Kysely } from "kysely";
import { timeOfKey } from "../../lib/id.ts";
import { ATTEMPT_STATUS, type Database } from "../../store/schema.ts";

/** Why deliveries fail, in the terms of SEP-3415. Nothing that the callback responded is passed on. */
export type DeliveryError = "connection_refused" | "timeout" | "tls_error" | "http_4xx" | "http_5xx";

/** How the deliveries of a subscription went, for the client that renews it. Times are Unix milliseconds. */
export interface DeliveryStatus {
  /** `false`: Posthorn had disabled the endpoint. The renewal enables it. */
  readonly active: boolean;
  /** Among the newest attempts; `null`: none succeeded. */
  readonly lastDeliveryAt: number | null;
  /** `null`: the newest attempt succeeded, or there was none. */
  readonly lastError: DeliveryError | null;
  readonly failedSince: number | null;
}

/** Attempts that are looked at. */
const NEWEST = 50;

/** Reads the status from the newest attempts of the endpoint. */
export async function deliveryStatusOf(db: Kysely<Database>, endpointKey: number): Promise<DeliveryStatus> {
  const { disabled } = await db
    .selectFrom("endpoint")
    .select("disabled")
    .where("id", "=", endpointKey)
    .executeTakeFirstOrThrow();
  const attempts = await db
    .selectFrom("attempt")
    .select(["id", "status", "response_code", "error_code"])
    .where("endpoint_id", "=", endpointKey)
    .orderBy("id", "desc")
    .limit(NEWEST)
    .execute();
  const success = attempts.findIndex(({ status }) => status === ATTEMPT_STATUS.success);
  const failures = success === -1 ? attempts : attempts.slice(0, success);
  const [newest] = failures;
  return {
    active: disabled === 0,
    lastDeliveryAt: success === -1 ? null : timeOfKey(attempts[success]!.id),
    lastError: newest === undefined ? null : errorOf(newest),
    failedSince: newest === undefined ? null : timeOfKey(failures.at(-1)!.id),
  };
}

function errorOf({
  response_code: code,
  error_code: error,
}: {
  readonly response_code: number;
  readonly error_code: string | null;
}): DeliveryError {
  if (code >= 500) return "http_5xx";
  // A redirect is not followed: the URL has to be changed, as with the errors of the client.
  if (code >= 300) return "http_4xx";
  if (error?.startsWith("tls_") === true) return "tls_error";
  return error !== null && /timeout/.test(error) ? "timeout" : "connection_refused";
}
