/** Assigns a destination to each kind of endpoint. */
import type { Destination, Destinations } from "./destination.ts";
import { DESTINATION_KINDS } from "./kinds.ts";

export interface DestinationsOptions {
  /** Destinations of kinds with their own implementation, by the name of the kind. */
  readonly own: Readonly<Record<string, Destination>>;
  /** Sends to endpoints of HTTP kinds. */
  readonly http: Destination | null;
  /** Sends to endpoints of connection kinds. */
  readonly connection: Destination | null;
}

export function destinationsOf({ own, http, connection }: DestinationsOptions): Destinations {
  const destinations = new Map(Object.entries(own));
  for (const [name, { family }] of Object.entries(DESTINATION_KINDS)) {
    const shared = family === "http" ? http : family === "connection" ? connection : null;
    if (shared !== null && !destinations.has(name)) destinations.set(name, shared);
  }
  return destinations;
}
