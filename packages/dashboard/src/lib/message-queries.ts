import type { QueryKey } from "@tanstack/react-query";

/** Queries on the deliveries of a message, without its payload. */
export function progressOf(app: string, message: string): readonly QueryKey[] {
  return ["deliveries", "attempts"].map((part) => ["message", app, message, part]);
}
