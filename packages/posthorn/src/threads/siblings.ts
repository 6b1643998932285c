/**
 * Confirmed signals between the threads of one process.
 *
 * Each pair of threads shares a message channel, so that no signal waits for a third thread. A starting thread gets its channels before it
 * opens the store. The others wait for its confirmations only from `join` on, just before it accepts requests: until then it loads and compiles
 * code, and may not respond for seconds. A thread that does not respond for a while is reported and no longer waited for, so that it cannot
 * stop changes in the others; it still gets all signals, in order.
 */
import type { MessagePort } from "node:worker_threads";
import type { Broadcast } from "../lib/broadcast.ts";
import { type LoopTime, systemLoop } from "../lib/clock.ts";
import { StoreError } from "../store/errors.ts";
import type { Siblings } from "../store/siblings.ts";
import type { Signal } from "../store/signal.ts";

/** How long a thread may take to respond. */
const RESPONSE_MS = 2000;
/** The same for threads that may be starting. */
const JOIN_MS = 30_000;

type Message =
  /** `id`: the sender waits for the confirmation; `null`: it does not. */
  | { readonly op: "signals"; readonly id: number | null; readonly signals: readonly Signal[] }
  | { readonly op: "catch up"; readonly id: number }
  /** The sender is running, and the others must wait for its confirmations from now on. `id`: as for signals. */
  | { readonly op: "join"; readonly id: number | null }
  | { readonly op: "done"; readonly id: number }
  | { readonly op: "publish"; readonly topic: string; readonly data: unknown }
  /** The thread is ending, and has sent all its signals. */
  | { readonly op: "leave" };

export interface SiblingPortsOptions {
  readonly process: string;
  /** Called when a thread has not responded in time, once until it responds again. */
  readonly onSilent: (thread: number) => void;
  /** Default: 2 s. */
  readonly responseMs?: number;
  /** Default: the time and the event loop of this thread. */
  readonly time?: LoopTime;
}

/** State of another thread, as seen by this one. */
interface Sibling {
  readonly thread: number;
  readonly port: MessagePort;
  /**
   * Whether it is running. While it is starting, it accepts no requests, and it applies all signals it was sent before it accepts the first.
   */
  joined: boolean;
  /** Whether it failed to respond in time, and has sent nothing since. */
  silent: boolean;
  /** Callbacks of pending requests by ID. The argument says whether the thread has confirmed. */
  readonly requests: Map<number, (confirmed: boolean) => void>;
}

/** The channels of one thread to all others. */
export class SiblingPorts implements Siblings, Broadcast, Disposable {
  readonly #options: SiblingPortsOptions;
  readonly #time: LoopTime;
  readonly #siblings = new Set<Sibling>();
  #lastId = 0;
  /** See `join`. */
  #joined = false;
  /** Signals to send at the end of this turn of the event loop. */
  #gathered: Signal[] = [];
  /** Cancels the sending; `null`: nothing is gathered. */
  #cancelSending: (() => void) | null = null;
  /** Signals that arrived before there was a listener. */
  #early: Signal[] | null = [];
  #onSignals: (signals: readonly Signal[]) => void = (signals) => void this.#early?.push(...signals);
  #pending: () => Promise<void> = () => Promise.resolve();
  #onLost: () => void = () => undefined;
  #onCount: () => void = () => undefined;
  #isAlone = true;
  readonly #subscribers = new Map<string, (data: unknown) => void>();

  constructor(options: SiblingPortsOptions) {
    this.#options = options;
    this.#time = options.time ?? systemLoop;
  }

  get process(): string {
    return this.#options.process;
  }

  get count(): number {
    return this.#running().length;
  }

  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** Adds the channel to a thread, which may not have started yet. */
  add(thread: number, port: MessagePort): void {
    this.#isAlone = false;
    const sibling: Sibling = { thread, port, joined: false, silent: false, requests: new Map() };
    this.#siblings.add(sibling);
    port.on("message", (message: Message) => this.#receive(sibling, message));
    port.on("close", () => this.#ended(sibling, true));
    // A channel alone does not keep the process running.
    port.unref();
    if (this.#joined) post(sibling, { op: "join", id: null });
  }

  /** Resolves once all other threads wait for the confirmations of this one, and all earlier signals from them have arrived. */
  async join(): Promise<void> {
    this.#joined = true;
    await Promise.all([...this.#siblings].map((sibling) => this.#request(sibling, "join", JOIN_MS)));
  }

  async tell(signals: readonly Signal[]): Promise<void> {
    if (signals.length === 0) return;
    this.#sendGathered();
    const confirmations: Promise<unknown>[] = [];
    for (const sibling of this.#siblings) {
      if (sibling.joined && !sibling.silent) confirmations.push(this.#request(sibling, signals));
      else post(sibling, { op: "signals", id: null, signals });
    }
    await Promise.all(confirmations);
  }

  send(signals: readonly Signal[]): void {
    if (this.#siblings.size === 0) return;
    this.#gathered.push(...signals);
    this.#cancelSending ??= this.#time.afterTurn(() => this.#sendGathered());
  }

  async catchUp(): Promise<void> {
    const asked = this.#running();
    const confirmed = await Promise.all(asked.map((sibling) => this.#request(sibling, "catch up")));
    const silent = asked.find((_, at) => confirmed[at] !== true);
    if (silent === undefined) return;
    throw new StoreError("storage_unavailable", `Thread ${silent.thread} does not respond; trying again.`);
  }

  onSignals(listener: (signals: readonly Signal[]) => void): void {
    this.#onSignals = listener;
    const early = this.#early ?? [];
    this.#early = null;
    if (early.length > 0) listener(early);
  }

  onCatchUp(pending: () => Promise<void>): void {
    this.#pending = pending;
  }

  onLost(listener: () => void): void {
    this.#onLost = listener;
  }

  /** Sets a callback for when another thread starts running, or ends. */
  onCount(listener: () => void): void {
    this.#onCount = listener;
  }

  publish(topic: string, data: unknown): void {
    for (const sibling of this.#siblings) post(sibling, { op: "publish", topic, data });
  }

  sendTo(thread: number, topic: string, data: unknown, transfer: readonly ArrayBuffer[] = []): boolean {
    for (const sibling of this.#siblings) {
      if (sibling.thread !== thread) continue;
      post(sibling, { op: "publish", topic, data }, transfer);
      return true;
    }
    return false;
  }

  subscribe(topic: string, listener: (data: unknown) => void): void {
    this.#subscribers.set(topic, listener);
  }

  /** Sends the gathered signals and closes the channels, because this thread is ending. */
  [Symbol.dispose](): void {
    this.#sendGathered();
    for (const sibling of this.#siblings) {
      post(sibling, { op: "leave" });
      sibling.port.close();
      this.#ended(sibling, false);
    }
  }

  #sendGathered(): void {
    if (this.#cancelSending === null) return;
    this.#cancelSending();
    this.#cancelSending = null;
    const signals = this.#gathered;
    this.#gathered = [];
    for (const sibling of this.#siblings) post(sibling, { op: "signals", id: null, signals });
  }

  #receive(sibling: Sibling, message: Message): void {
    sibling.silent = false;
    switch (message.op) {
      case "signals":
        this.#onSignals(message.signals);
        if (message.id !== null) post(sibling, { op: "done", id: message.id });
        return;
      case "catch up":
        return void this.#caughtUp(sibling, message.id);
      case "join":
        if (!sibling.joined) {
          sibling.joined = true;
          this.#onCount();
        }
        if (message.id !== null) post(sibling, { op: "done", id: message.id });
        return;
      case "done":
        return sibling.requests.get(message.id)?.(true);
      case "publish":
        return this.#subscribers.get(message.topic)?.(message.data);
      case "leave":
        return this.#ended(sibling, false);
    }
  }

  async #caughtUp(sibling: Sibling, id: number): Promise<void> {
    await this.#pending();
    this.#sendGathered();
    post(sibling, { op: "done", id });
  }

  /** Resolves with `true` when the thread confirms, and with `false` when it has ended or does not respond in time. */
  #request(
    sibling: Sibling,
    request: readonly Signal[] | "catch up" | "join",
    waitMs = this.#options.responseMs ?? RESPONSE_MS,
  ): Promise<boolean> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const end = (confirmed: boolean): void => {
        cancelTimer();
        sibling.requests.delete(id);
        resolve(confirmed);
      };
      // After a long turn of this thread, its timers run before the messages that arrived meanwhile.
      const cancelTimer = this.#time.setTimer(waitMs, () => this.#time.afterTurn(() => this.#expire(sibling, id)));
      sibling.requests.set(id, end);
      post(sibling, typeof request === "string" ? { op: request, id } : { op: "signals", id, signals: request });
    });
  }

  #expire(sibling: Sibling, id: number): void {
    const end = sibling.requests.get(id);
    if (end === undefined) return;
    end(false);
    if (sibling.silent || !sibling.joined) return;
    sibling.silent = true;
    this.#options.onSilent(sibling.thread);
  }

  #running(): readonly Sibling[] {
    return [...this.#siblings].filter(({ joined }) => joined);
  }

  #ended(sibling: Sibling, isLost: boolean): void {
    if (!this.#siblings.delete(sibling)) return;
    for (const end of sibling.requests.values()) end(false);
    if (isLost) this.#onLost();
    if (sibling.joined) this.#onCount();
  }
}

function post({ port }: Sibling, message: Message, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
