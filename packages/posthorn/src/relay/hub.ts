/**
 * Listeners of this node and of the others. A node that makes an attempt sends the request to one of the listeners of the endpoint: over
 * its own connection, or through the node that has it. Rows in the database say which listeners are connected; memory is a copy of
 * them. Some minutes after the last listener nothing is written, and one small query is made every few seconds on nodes of a cluster.
 */
import type { ShareMode } from "../destinations/kinds/relay.ts";
import type { FrameBuilder } from "../destinations/relay/relay-destination.ts";
import type { RelayListeners } from "../domain/ports.ts";
import type { SourceOperations } from "../domain/source-operations.ts";
import { PosthornError } from "../lib/errors.ts";
import type { Signal } from "../store/signal.ts";
import type { Worker } from "../workers/worker.ts";
import {
  type ConnectedSession,
  GONE,
  refusalOf,
  type RelayAnswer,
  RelayConnection,
  type RelayLink,
} from "./connection.ts";
import type { ClientFrame } from "./frames.ts";
import {
  allConnected,
  connectedTo,
  connectSession,
  deleteExpired,
  endpointOfTicket,
  endSessions,
  existing,
  LEASE_MS,
  type ListenerPlace,
  type RelaySession,
  type RelayTransport,
  RENEW_MS,
  renewLeases,
  startSession,
} from "./sessions.ts";
import { RemoteRequests, type RemoteRequestsOptions } from "./remote-requests.ts";

export interface RelayHubOptions extends RemoteRequestsOptions {
  /** How the listeners of an endpoint share its messages; `null`: it was deleted or disabled. */
  readonly shareOf: (endpointKey: number) => Promise<ShareMode | null>;
  /** Deliveries that wait for an endpoint. */
  readonly backlogOf: (endpointKey: number) => Promise<{ readonly count: number; readonly isExact: boolean }>;
  /** An endpoint has a listener, or its local server works again: its deliveries can be sent. */
  readonly onListening: (endpointKey: number) => void;
  /** See `SourceOperations`. */
  readonly resign: SourceOperations["resign"];
}

/** How long frames and sessions are cleaned up after the last listener. Both expire within a minute. */
const CLEAN_MS = 180_000;
const CLEAN_EVERY_MS = 30_000;

export class RelayHub implements RelayListeners, Worker {
  readonly name = "relay";
  readonly resign: SourceOperations["resign"];
  readonly #options: RelayHubOptions;
  readonly #remote: RemoteRequests;
  /** Connections of this node by the key of their session. */
  readonly #local = new Map<number, RelayConnection>();
  /** Connected listeners of all nodes by endpoint, as last read. */
  #places: ReadonlyMap<number, readonly ListenerPlace[]> = new Map();
  /** Turns of `one`: how many requests each endpoint had. */
  readonly #turns = new Map<number, number>();
  /** Sessions that have ended and are being deleted. */
  readonly #ending = new Set<number>();
  /** When there was a listener, or this node started. */
  #usedAt = 0;
  #cleanedAt = 0;
  #cancelTick: (() => void) | null = null;
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: RelayHubOptions) {
    this.#options = options;
    this.#remote = new RemoteRequests(options, {
      connection: (session) => this.#local.get(session),
      receive: (connection, frame) => this.handle(connection, frame),
      enqueue: (work) => this.#enqueue(work),
    });
    this.resign = options.resign;
  }

  started(): void {
    this.#enqueue(async () => {
      const { store, isAlone, clock } = this.#options;
      this.#usedAt = clock.now();
      if (isAlone()) {
        // Their connections ended with the process that had them.
        await store().transaction(async ({ db }) => {
          await db.deleteFrom("relay_session").where("node_id", "is not", null).execute();
          await db.deleteFrom("relay_frame").execute();
        }, "relay.start");
      }
      await this.#clean();
      await this.#readPlaces();
    });
    this.#tickLater();
  }

  rescan(): void {
    this.#enqueue(() => this.#readPlaces());
    this.#enqueue(() => this.#remote.takeFrames());
  }

  notified(signal: Signal): void {
    if (signal.kind === "listeners") this.#enqueue(() => this.#listenersChanged(signal.endpointId));
    if (signal.kind === "frames" && signal.nodeId === this.#options.nodeId())
      this.#enqueue(() => this.#remote.takeFrames());
    if (signal.kind === "application" && this.#local.size > 0) this.#enqueue(() => this.#checkEndpoints());
  }

  isListening(endpointKey: number): boolean {
    return this.#places.has(endpointKey);
  }

  /** Uses a ticket up and connects its listener. Throws as `connectSession` does. */
  async connect(ticket: string, transport: RelayTransport): Promise<RelaySession> {
    const { store, nodeId, clock, shareOf } = this.#options;
    const share = await shareOf(await endpointOfTicket(store().db, ticket, clock.now()));
    if (share === null) throw new PosthornError("not_found", "The endpoint was deleted or disabled.");
    return connectSession(store(), { ticket, nodeId: nodeId(), transport, share, now: clock.now() });
  }

  /** Takes over the connection of a session that was connected. */
  attach(session: ConnectedSession, link: RelayLink, window: number): RelayConnection {
    const { clock } = this.#options;
    const connection = new RelayConnection({
      session,
      link,
      window,
      setTimer: (ms, callback) => clock.setTimer(ms, callback),
      onEnd: () => this.#ended(session),
    });
    this.#local.set(session.key, connection);
    link.send({ type: "hello", session: session.id, endpoint: session.endpointId, leaseMs: LEASE_MS, window });
    this.#enqueue(async () => {
      await startSession(this.#options.store(), session, clock.now());
      await this.#listenersChanged(session.endpointKey);
    });
    this.#enqueue(() => this.#showBacklog(connection));
    if (this.#isClosed) connection.end("shutdown", STOPPING);
    return connection;
  }

  /** Ends a session whose connection could not be attached, or has ended. */
  forget(session: Pick<ConnectedSession, "key" | "endpointKey">): void {
    const connection = this.#local.get(session.key);
    if (connection === undefined) this.#ended(session);
    else connection.end("disconnected", "The connection has ended.");
  }

  /** Handles a frame of a listener that has an event stream, perhaps of another node. Returns whether the session is connected. */
  async receive(session: RelaySession, frame: ClientFrame): Promise<boolean> {
    const connection = this.#local.get(session.id);
    if (connection !== undefined) {
      this.handle(connection, frame);
      return true;
    }
    if (session.node_id === null || session.node_id === this.#options.nodeId()) return false;
    await this.#remote.passFrame(session.node_id, session.id, frame);
    return true;
  }

  /** Handles a frame of a connected listener. */
  handle(connection: RelayConnection, frame: ClientFrame): void {
    if (frame.type === "ready") {
      if (!connection.ready(this.#options.clock.now())) return;
      const { endpointKey } = connection.session;
      this.#options.store().signal({ kind: "try", endpointId: endpointKey });
      this.#options.onListening(endpointKey);
    } else connection.receive(frame);
  }

  /** Sends a request to one of the listeners of an endpoint. Never rejects. `gone`: there is none, or it vanished. */
  async request(endpointKey: number, build: FrameBuilder, signal: AbortSignal): Promise<RelayAnswer> {
    const place = this.#choose(endpointKey);
    if (place === null) return GONE;
    const built = build(place);
    // Only a new signature takes time, in which another request might be given to the same listener.
    const frame = built instanceof Promise ? await built : built;
    const refusal = refusalOf(frame);
    if (refusal !== null) return refusal;
    const connection = this.#local.get(place.key);
    if (connection !== undefined) return connection.request(frame, signal);
    // It is connected to this node, but has just ended.
    if (place.nodeId === this.#options.nodeId()) return GONE;
    return this.#remote.request(place, frame, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancelTick?.();
    for (const connection of this.#local.values()) connection.end("shutdown", STOPPING);
    this.#remote.close();
    await this.#working;
  }

  /** The listener that gets the next request: the one with the fewest requests in flight on this node, in turn. */
  #choose(endpointKey: number): ListenerPlace | null {
    const places = this.#places.get(endpointKey);
    if (places === undefined || places.length === 0) return null;
    if (places.length === 1) return places[0]!;
    const turn = (this.#turns.get(endpointKey) ?? -1) + 1;
    this.#turns.set(endpointKey, turn);
    const inTurn = places.map((_, index) => places[(turn + index) % places.length]!);
    const loadOf = ({ key }: ListenerPlace): number => this.#local.get(key)?.load ?? this.#remote.loadOf(key);
    return inTurn.reduce((best, place) => (loadOf(place) < loadOf(best) ? place : best));
  }

  /** Reads which listeners are connected, and starts the deliveries of endpoints that had none. */
  async #readPlaces(): Promise<void> {
    const { store, clock, onListening } = this.#options;
    const connected = await allConnected(store().db, clock.now());
    // A session of this node whose connection has just ended cannot receive requests.
    const places = connected.filter(({ key, nodeId }) => nodeId !== this.#options.nodeId() || this.#local.has(key));
    const before = this.#places;
    this.#places = Map.groupBy(places, ({ endpointKey }) => endpointKey);
    for (const key of this.#turns.keys()) if (!this.#places.has(key)) this.#turns.delete(key);
    const known = new Set(places.map(({ key }) => key));
    this.#remote.keepOnly(known);
    for (const endpointKey of this.#places.keys()) if (!before.has(endpointKey)) onListening(endpointKey);
  }

  async #listenersChanged(endpointKey: number): Promise<void> {
    await this.#endMissing([...this.#local.values()].filter(({ session }) => session.endpointKey === endpointKey));
    await this.#readPlaces();
  }

  /** Ends connections whose session was deleted: another one took its place, or a user disconnected it. */
  async #endMissing(connections: readonly RelayConnection[]): Promise<void> {
    if (connections.length === 0) return;
    const { store } = this.#options;
    const keys = connections.map(({ session }) => session.key);
    const found = await existing(store().db, keys);
    for (const connection of connections) if (!found.has(connection.session.key)) await this.#endReplaced(connection);
  }

  async #endReplaced(connection: RelayConnection): Promise<void> {
    const reason = await this.#reasonFor(connection);
    connection.end(reason, REPLACED[reason]);
  }

  async #reasonFor({ session }: RelayConnection): Promise<"replaced" | "disconnected"> {
    const { store, clock } = this.#options;
    const others = await connectedTo(store().db, session.endpointKey, clock.now());
    return others.length > 0 ? "replaced" : "disconnected";
  }

  /** Ends connections to endpoints that were deleted or disabled. */
  async #checkEndpoints(): Promise<void> {
    for (const connection of this.#local.values()) {
      const share = await this.#options.shareOf(connection.session.endpointKey);
      if (share === null) connection.end("endpoint_gone", "The endpoint was deleted or disabled.");
    }
  }

  #ended(session: Pick<ConnectedSession, "key" | "endpointKey">): void {
    if (this.#ending.has(session.key)) return;
    this.#ending.add(session.key);
    this.#local.delete(session.key);
    this.#enqueue(async () => {
      const { store, clock } = this.#options;
      try {
        await store().transaction((tx) => endSessions(tx, [session], clock.now()), "relay.end");
      } finally {
        this.#ending.delete(session.key);
      }
      await this.#readPlaces();
    });
  }

  #tickLater(): void {
    if (this.#isClosed) return;
    this.#cancelTick = this.#options.clock.setTimer(RENEW_MS, () => {
      this.#tickLater();
      this.#enqueue(() => this.#tick());
    });
  }

  async #tick(): Promise<void> {
    const { store, clock, isAlone } = this.#options;
    const connections = [...this.#local.values()];
    if (connections.length > 0) {
      const keys = connections.map(({ session }) => session.key);
      const kept = await renewLeases(store(), keys, { now: clock.now(), nodeId: this.#options.nodeId() });
      for (const connection of connections) if (!kept.has(connection.session.key)) await this.#endReplaced(connection);
      for (const connection of connections) await this.#showBacklog(connection);
    }
    if (isAlone()) return;
    await this.#readPlaces();
    if (connections.length > 0 || this.#places.size > 0) this.#usedAt = clock.now();
    if (clock.now() - this.#usedAt > CLEAN_MS) return;
    await this.#remote.takeFrames();
    if (clock.now() - this.#cleanedAt >= CLEAN_EVERY_MS) await this.#clean();
  }

  async #clean(): Promise<void> {
    const { store, clock } = this.#options;
    this.#cleanedAt = clock.now();
    await store().transaction(async (tx) => {
      await deleteExpired(tx, clock.now());
      await this.#remote.deleteStale(tx);
    }, "relay.expire");
  }

  async #showBacklog(connection: RelayConnection): Promise<void> {
    if (connection.isEnded) return;
    const { count, isExact } = await this.#options.backlogOf(connection.session.endpointKey);
    connection.show(count, isExact);
  }

  /** Runs work in turn. A failure is reported; a later tick repeats what was missed. */
  #enqueue(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((error: unknown) => this.#options.onFailure(error));
  }
}

const STOPPING = "The server is stopping. Deliveries wait until the listener reconnects.";

const REPLACED: Readonly<Record<"replaced" | "disconnected", string>> = {
  replaced: "Another listener has taken the place of this one.",
  disconnected: "This listener was disconnected.",
};
