/**
 * Requests between nodes: those of this node to listeners of others, and those of others to listeners of this one. Each is a
 * row of the database about which the other node is notified.
 */
import type { Clock } from "../dispatch/types.ts";
import type { Store } from "../store/store.ts";
import type { Tx } from "../store/tx.ts";
import { GONE, type RelayAnswer, type RelayConnection } from "./connection.ts";
import { type ClientFrame, MAX_RELAY_BODY_CHARACTERS, MAX_RELAY_WINDOW, type RequestFrame } from "./frames.ts";
import { RemoteRequestWindow } from "./remote-request-window.ts";
import { type NodeFrame, NodeFrameQueue, type NodeFrameQueueOptions } from "./node-frames.ts";
import type { ListenerPlace } from "./sessions.ts";

/** How long the answer of another node may take on its way. */
const TRANSIT_MS = 5000;
/** Interval at which frames are looked for while an answer is due, in case their signal was lost. */
const LOOK_MS = 1000;

export interface RemoteRequestsOptions extends Omit<NodeFrameQueueOptions, "store"> {
  readonly store: () => Store;
  readonly clock: Clock;
  /** ID of this node, which changes when it joins its cluster again. */
  readonly nodeId: () => number;
  /** Whether no other node shares the database. */
  readonly isAlone: () => boolean;
  readonly onFailure: (error: unknown) => void;
}

interface Calls {
  /** The connection of a session to this node. */
  readonly connection: (session: number) => RelayConnection | undefined;
  /** Handles a frame that a listener has sent to another node. */
  readonly receive: (connection: RelayConnection, frame: ClientFrame) => void;
  /** Runs work in turn with that of the hub. */
  readonly enqueue: (work: () => Promise<void>) => void;
}

/** Requests that are on their way between this node and others. */
export class RemoteRequests {
  readonly #options: RemoteRequestsOptions;
  readonly #calls: Calls;
  readonly #frames: NodeFrameQueue;
  /** Answers that are due from other nodes, by the ID of the request. */
  readonly #due = new Map<string, { readonly place: ListenerPlace; readonly settle: (answer: RelayAnswer) => void }>();
  /** Requests of other nodes that their listeners have here, by ID. */
  readonly #passed = new Map<string, AbortController>();
  readonly #window = new RemoteRequestWindow({ count: MAX_RELAY_WINDOW, size: MAX_RELAY_BODY_CHARACTERS });
  #cancelLook: (() => void) | null = null;
  #isClosed = false;

  constructor(options: RemoteRequestsOptions, calls: Calls) {
    this.#options = options;
    this.#calls = calls;
    this.#frames = new NodeFrameQueue(options);
  }

  /** Requests that a listener of another node has from this one. */
  loadOf(key: number): number {
    let count = 0;
    for (const { place } of this.#due.values()) if (place.key === key) count++;
    return count;
  }

  /** Sends a request to a listener of another node. Never rejects. `gone`: its node or the listener does not answer. */
  async request(place: ListenerPlace, frame: RequestFrame, signal: AbortSignal): Promise<RelayAnswer> {
    const { clock, nodeId, onFailure } = this.#options;
    if (this.#isClosed || signal.aborted) return GONE;
    const { promise, resolve } = Promise.withResolvers<RelayAnswer>();
    const ended = new AbortController();
    const cancel = (): void => {
      ended.abort();
      if (this.#due.has(frame.id)) this.#send(place.nodeId, { kind: "cancel", id: frame.id });
      resolve(GONE);
    };
    const cancelTimer = clock.setTimer(frame.timeoutMs + TRANSIT_MS, cancel);
    signal.addEventListener("abort", cancel, { once: true });
    const size = frame.body.length;
    const hasEntered = await this.#window.enter(place.key, size, ended.signal);
    try {
      if (!hasEntered) return GONE;
      this.#due.set(frame.id, { place, settle: resolve });
      this.#lookLater();
      await this.#frames.send(place.nodeId, { kind: "request", from: nodeId(), session: place.key, frame });
      return await promise;
    } catch (error) {
      onFailure(error);
      return GONE;
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", cancel);
      this.#due.delete(frame.id);
      if (hasEntered) this.#window.leave(place.key, size);
    }
  }

  #send(nodeId: number, frame: NodeFrame): void {
    this.#frames.send(nodeId, frame).catch((error: unknown) => this.#options.onFailure(error));
  }

  /** Takes what other nodes have sent to this one. */
  async takeFrames(): Promise<void> {
    if (this.#options.isAlone()) return;
    for (const frame of await this.#frames.take(this.#options.nodeId())) this.#handleFrame(frame);
  }

  #handleFrame(sent: NodeFrame): void {
    switch (sent.kind) {
      case "answer":
        return this.#due.get(sent.id)?.settle(sent.answer);
      case "cancel":
        return this.#passed.get(sent.id)?.abort();
      case "frame": {
        const connection = this.#calls.connection(sent.session);
        if (connection !== undefined) this.#calls.receive(connection, sent.frame);
        return;
      }
      case "request":
        void this.#pass(sent);
    }
  }

  /** Passes a request of another node to a listener of this one. */
  async #pass({ from, session, frame }: Extract<NodeFrame, { kind: "request" }>): Promise<void> {
    const controller = new AbortController();
    this.#passed.set(frame.id, controller);
    const answer = (await this.#calls.connection(session)?.request(frame, controller.signal)) ?? GONE;
    this.#passed.delete(frame.id);
    if (!controller.signal.aborted) this.#send(from, { kind: "answer", id: frame.id, answer });
  }

  /** Passes a frame to the node to which its listener is connected. */
  async passFrame(nodeId: number, session: number, frame: ClientFrame): Promise<void> {
    await this.#frames.send(nodeId, { kind: "frame", session, frame });
  }

  /** Answers requests to listeners that are gone, so that their messages are sent again. */
  keepOnly(listeners: ReadonlySet<number>): void {
    for (const { place, settle } of this.#due.values()) if (!listeners.has(place.key)) settle(GONE);
    this.#window.end((key) => !listeners.has(key));
  }

  deleteStale(tx: Pick<Tx, "db">): Promise<void> {
    return this.#frames.deleteStale(tx);
  }

  /** Ends all requests. */
  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    for (const { settle } of this.#due.values()) settle(GONE);
    this.#window.end(() => true);
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#options.clock.setTimer(LOOK_MS, () => {
      this.#cancelLook = null;
      if (this.#due.size === 0) return;
      this.#calls.enqueue(() => this.takeFrames());
      this.#lookLater();
    });
  }
}
