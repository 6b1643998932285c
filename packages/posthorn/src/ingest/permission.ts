/** Senders that ask for permission and can wait for it (CloudEvents webhooks, section 4.1.3). */
import type { WebhookResponse } from "@posthorn/webhooks/provider";
import { ORIGIN_NOT_ALLOWED } from "../domain/quarantine/permission.ts";
import type { Refused } from "./quarantine.ts";
import { headerOf } from "./headers.ts";

interface Asking {
  readonly method: string;
  readonly rawHeaders: readonly string[];
}

/** Why a handshake goes to quarantine although it got a response: a person can grant the permission later. `null` if it does not go there. */
export function withheldPermission(
  { method, rawHeaders }: Asking,
  { headers }: WebhookResponse,
): Pick<Refused, "reason" | "detail"> | null {
  if (method !== "OPTIONS" || headers["webhook-allowed-origin"] !== undefined) return null;
  const origin = headerOf(rawHeaders, "webhook-request-origin");
  if (origin === undefined || headerOf(rawHeaders, "webhook-request-callback") === undefined) return null;
  const detail = `${origin.slice(0, 200)} asks for permission to send, and is not among the allowed origins of the source. Release the request to grant it.`;
  return { reason: ORIGIN_NOT_ALLOWED, detail };
}
