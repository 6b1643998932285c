import type { FormValues } from "../components/form.tsx";

/** Built into the server: there is an example of it without any event type. */
export const PING = "posthorn.ping";
const PINGS: ReadonlySet<string> = new Set([PING, "svix.ping"]);

/** The event types to choose from: those that are registered, those that were published lately, and the built-in one. */
export function exampleTypes(registered: readonly string[], published: readonly string[]): readonly string[] {
  const others = [...new Set(published)].filter((name) => !registered.includes(name) && !PINGS.has(name));
  return [...registered.filter((name) => name !== PING), ...others.toSorted((a, b) => a.localeCompare(b)), PING];
}

/** The body of the request, with the payload as it was typed; `null`: the payload is not JSON. */
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
