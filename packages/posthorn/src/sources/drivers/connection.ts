/** Driver of all kinds that are read over a connection. A listener in the connector thread implements the protocol. */
import { type ListeningDriver, type SourceEvent, SourceFailure, type SourceHost, type Unreadable } from "../driver.ts";
import { isUnreadable } from "../mail-event.ts";
import type { ListenFailure } from "../listeners/listener.ts";

/** Messages that a broker may send before the first one is acknowledged. */
const WINDOW = 128;
/** If the messages of a broker are too large for the window, the next connection gets this fraction of it. */
const SMALLER = 8;

/** Creates an event from what a listener has read. */
type Convert = (host: SourceHost, event: SourceEvent) => Promise<SourceEvent | Unreadable>;

/**
 * @param kind Name of the kind, which is that of its listener.
 * @param convert Absent: the listener itself makes events.
 */
export function connectionDriver(kind: string, convert?: Convert): ListeningDriver {
  /** Smaller windows of sources whose messages did not fit. */
  const windows = new Map<string, number>();
  return {
    family: "listen",
    listen: async (host, cursor) => {
      const window = windows.get(host.sourceId) ?? WINDOW;
      const result = await host.connections.listen({
        kind,
        config: host.config,
        session: sessionOf(host),
        cursor,
        window,
        maxBodyBytes: host.maxBodyBytes,
        signal: host.signal,
        onConnected: () => host.connected(),
        onBatch: async ({ events, unreadable, cursor: next }) => {
          const results = convert === undefined ? events : await Promise.all(events.map((one) => convert(host, one)));
          for (const refused of [...unreadable, ...results.filter((one) => isUnreadable(one))]) {
            await host.quarantine(refused);
          }
          await host.emit(results.filter((one) => !isUnreadable(one)) as readonly SourceEvent[], next);
        },
      });
      switch (result.kind) {
        case "canceled":
          return;
        case "not_stored":
          throw result.error;
        case "own_fault":
          throw ownFault(result.code);
        case "failed":
          if (result.isFlood) windows.set(host.sourceId, Math.max(1, Math.floor(window / SMALLER)));
          throw failureOf(result.failure);
      }
    },
    forget: async (host) => {
      windows.delete(host.sourceId);
      const end = await host.connections.remove({ kind, config: host.config, session: sessionOf(host) });
      if (end?.kind === "own_fault") throw ownFault(end.code);
      if (end?.kind === "failed") throw failureOf(end.failure);
    },
  };
}

function sessionOf({ sourceId }: Pick<SourceHost, "sourceId">): string {
  return `posthorn-${sourceId}`;
}

function failureOf({ code, message, hint, retryAfterMs }: ListenFailure): SourceFailure {
  return new SourceFailure(code, message, { hint, retryAfterMs });
}

function ownFault(code: string): SourceFailure {
  const text =
    code === "connector_missing"
      ? "A package that this kind of source needs is not installed on this node."
      : "The thread that holds the connections of sources could not connect. Posthorn tries again.";
  return new SourceFailure("internal", text);
}
