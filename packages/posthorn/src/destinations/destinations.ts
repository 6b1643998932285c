/** Finds the destination that sends to endpoints of a kind. */
import type { Destination, Destinations } from "./destination.ts";
import { kindNamed } from "./kinds.ts";

export interface DestinationsOptions {
  /** Destinations of kinds with an implementation of their own, by the name of the kind. */
  readonly own: Readonly<Record<string, Destination>>;
  /** Sends to endpoints of HTTP kinds. */
  readonly http: Destination | null;
  /** Sends to endpoints of connection kinds. */
  readonly connection: Destination | null;
}

export function destinationsOf({ own, http, connection }: DestinationsOptions): Destinations {
  return {
    of: (name) => {
      if (Object.hasOwn(own, name)) return own[name]!;
      const family = kindNamed(name)?.family;
      if (family === "http") return http;
      return family === "connection" ? connection : null;
    },
  };
}
