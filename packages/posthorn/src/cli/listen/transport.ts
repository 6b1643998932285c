/** How a listener is connected to the server: over a WebSocket, or with an event stream where WebSockets do not pass. */
import type { ClientFrame } from "../../relay/frames.ts";
import type { RelayTransport } from "../../relay/sessions.ts";
import type { Connection } from "../client.ts";

/** Why a transport ended. */
export type TransportEnd =
  | { readonly kind: "lost"; readonly message: string }
  /** Something between listener and server does not pass this transport: another one may work. */
  | { readonly kind: "blocked"; readonly message: string }
  /** The server refused the connection, and will again. */
  | { readonly kind: "refused"; readonly message: string };

export interface TransportOptions {
  readonly connection: Connection;
  /** Application or source. */
  readonly app: string;
  /** ID of the session. */
  readonly session: string;
  readonly ticket: string;
  /** Requests at a time. */
  readonly window: number;
  /** Called with each frame of the server, as JSON. */
  readonly onFrame: (text: string) => void;
  /** Called when anything arrives, so that a silent connection is noticed. */
  readonly onSign: () => void;
  /** Called when the transport ends by itself, perhaps several times. */
  readonly onEnd: (end: TransportEnd) => void;
}

/** An open or opening connection. */
export interface Transport {
  readonly kind: RelayTransport;
  send(frame: ClientFrame): void;
  /** Ends it after what was sent has been transferred. Never rejects. */
  close(): Promise<void>;
  /** Ends it at once. */
  terminate(): void;
}
