import type { FastifyInstance } from "fastify";
import { GuardedConnections } from "./guarded.ts";
import { registerRelay, type RelayServerOptions, SOCKET_PATH } from "./socket.ts";
import { LISTEN_PATHS, registerTokenSocket } from "./token-socket.ts";
import { SocketUpgrades } from "./upgrades.ts";

export interface ListenerOptions extends Pick<RelayServerOptions, "services" | "identify"> {
  /** Calls the listener after tokens were revoked, on any node; returns a function that removes it. */
  readonly onTokensRevoked: (listener: () => void) => () => void;
}

/** Registers the connections of listeners: those with a ticket, and those with a listen token. */
export function registerListeners(app: FastifyInstance, options: ListenerOptions): void {
  const paths = options.services.rules.listenTokens ? LISTEN_PATHS : [];
  const parts = {
    ...options,
    upgrades: new SocketUpgrades(app, new Set([SOCKET_PATH, ...paths])),
    guarded: new GuardedConnections(app, options.onTokensRevoked),
  };
  registerRelay(app, parts);
  registerTokenSocket(app, parts);
}
