import type { FormValues } from "../components/form.tsx";

/** Event type that is built into the server, with an example. */
export const PING = "webhook.ping";
/** Earlier names, and the one of existing SDKs. */
const PINGS: ReadonlySet<string> = new Set([PING, "posthorn.ping", "svix.ping"]);

/** Event types with an example: registered ones, recently published ones, and the built-in one, last. */
export function exampleTypes(registered: readonly string[], published: readonly string[]): readonly string[] {
  const others = [...new Set(published)].filter((name) => !registered.includes(name) && !PINGS.has(name));
  return [...registered.filter((name) => name !== PING), ...others.toSorted((a, b) => a.localeCompare(b)), PING];
}

/** Request body with the payload as typed; `null` when the payload is not JSON. */
export function toExampleBody({ eventType = PING, payload = "" }: FormValues): string | null {
  const type = JSON.stringify(eventType);
  if (payload.trim() === "") return `{"eventType":${type}}`;
  try {
    JSON.parse(payload);
  } catch {
    return null;
  }
  return `{"eventType":${type},"payload":${payload}}`;
}
