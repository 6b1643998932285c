/**
 * Requests between nodes: those of this node to listeners of others, and those of others to listeners of this one. They are letters: rows in
 * the database about which the other node is notified.
 */
import type { Clock } from "../dispatch/types.ts";
import type { Store } from "../store/store.ts";
import { GONE, type RelayAnswer, type RelayConnection } from "./connection.ts";
import { type ClientFrame, MAX_RELAY_BODY_CHARACTERS, MAX_RELAY_WINDOW, type RequestFrame } from "./frames.ts";
import { LetterWindow } from "./letter-window.ts";
import { type Letter, Mailbox, type MailboxOptions } from "./mailbox.ts";
import type { ListenerPlace } from "./sessions.ts";

/** How long the answer of another node may take on its way. */
const TRANSIT_MS = 5000;
/** Interval at which letters are looked for while an answer is due, in case their signal was lost. */
const LOOK_MS = 1000;

export interface RemoteRequestsOptions extends Omit<MailboxOptions, "store"> {
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
  readonly #mailbox: Mailbox;
  /** Answers that are due from other nodes, by the ID of the request. */
  readonly #due = new Map<string, { readonly place: ListenerPlace; readonly settle: (answer: RelayAnswer) => void }>();
  /** Requests of other nodes that their listeners have here, by ID. */
  readonly #passed = new Map<string, AbortController>();
  readonly #letters = new LetterWindow({ count: MAX_RELAY_WINDOW, size: MAX_RELAY_BODY_CHARACTERS });
  #cancelLook: (() => void) | null = null;
  #isClosed = false;

  constructor(options: RemoteRequestsOptions, calls: Calls) {
    this.#options = options;
    this.#calls = calls;
    this.#mailbox = new Mailbox(options);
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
    const hasEntered = await this.#letters.enter(place.key, size, ended.signal);
    try {
      if (!hasEntered) return GONE;
      this.#due.set(frame.id, { place, settle: resolve });
      this.#lookLater();
      await this.#mailbox.send(place.nodeId, { kind: "request", from: nodeId(), session: place.key, frame });
      return await promise;
    } catch (error) {
      onFailure(error);
      return GONE;
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", cancel);
      this.#due.delete(frame.id);
      if (hasEntered) this.#letters.leave(place.key, size);
    }
  }

  #send(nodeId: number, letter: Letter): void {
    this.#mailbox.send(nodeId, letter).catch((error: unknown) => this.#options.onFailure(error));
  }

  /** Takes what other nodes have sent to this one. */
  async takeLetters(): Promise<void> {
    if (this.#options.isAlone()) return;
    for (const letter of await this.#mailbox.take(this.#options.nodeId())) this.#handleLetter(letter);
  }

  #handleLetter(letter: Letter): void {
    switch (letter.kind) {
      case "answer":
        return this.#due.get(letter.id)?.settle(letter.answer);
      case "cancel":
        return this.#passed.get(letter.id)?.abort();
      case "frame": {
        const connection = this.#calls.connection(letter.session);
        if (connection !== undefined) this.#calls.receive(connection, letter.frame);
        return;
      }
      case "request":
        void this.#pass(letter);
    }
  }

  /** Passes a request of another node to a listener of this one. */
  async #pass({ from, session, frame }: Extract<Letter, { kind: "request" }>): Promise<void> {
    const controller = new AbortController();
    this.#passed.set(frame.id, controller);
    const answer = (await this.#calls.connection(session)?.request(frame, controller.signal)) ?? GONE;
    this.#passed.delete(frame.id);
    if (!controller.signal.aborted) this.#send(from, { kind: "answer", id: frame.id, answer });
  }

  /** Passes a frame to the node to which its listener is connected. */
  async passFrame(nodeId: number, session: number, frame: ClientFrame): Promise<void> {
    await this.#mailbox.send(nodeId, { kind: "frame", session, frame });
  }

  /** Answers requests to listeners that are gone, so that their messages are sent again. */
  keepOnly(listeners: ReadonlySet<number>): void {
    for (const { place, settle } of this.#due.values()) if (!listeners.has(place.key)) settle(GONE);
    this.#letters.end((key) => !listeners.has(key));
  }

  deleteStale(): Promise<void> {
    return this.#mailbox.deleteStale();
  }

  /** Ends all requests. */
  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    for (const { settle } of this.#due.values()) settle(GONE);
    this.#letters.end(() => true);
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#options.clock.setTimer(LOOK_MS, () => {
      this.#cancelLook = null;
      if (this.#due.size === 0) return;
      this.#calls.enqueue(() => this.takeLetters());
      this.#lookLater();
    });
  }
}
