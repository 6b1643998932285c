/** The message of the form that publishes one. */
import type { FormValues } from "../components/form.tsx";

export interface ComposedMessage {
  /** Fields besides the event type and the payload. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly eventType: string;
  /** JSON as typed. */
  readonly payload: string;
  readonly idempotencyKey: string | null;
}

/** Delays that the form offers, in seconds. */
export const DELAYS = [0, 60, 600, 3600, 86_400] as const;

/** The message of these values; `null`: the payload is not JSON. An empty payload is an empty object. */
export function composeMessage({ eventType = "", payload = "", tags = "", delay = "0", key = "" }: FormValues) {
  const json = payload.trim() === "" ? "{}" : payload.trim();
  try {
    JSON.parse(json);
  } catch {
    return null;
  }
  const names = tags
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const seconds = DELAYS.find((one) => String(one) === delay) ?? 0;
  const composed: ComposedMessage = {
    eventType: eventType.trim(),
    payload: json,
    fields: { ...(names.length === 0 ? {} : { tags: names }), ...(seconds === 0 ? {} : { delaySeconds: seconds }) },
    idempotencyKey: key.trim() === "" ? null : key.trim(),
  };
  return composed;
}
