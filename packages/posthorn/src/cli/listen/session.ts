/** The connection of a listener: invites itself, connects, answers requests, and reconnects until the server says not to. */
import { setTimeout as delay } from "node:timers/promises";
import {
  type ByeReason,
  type ClientFrame,
  readServerFrame,
  type RequestFrame,
  type ServerFrame,
} from "../../relay/frames.ts";
import type { RelayTransport } from "../../relay/sessions.ts";
import { ApiError, call, type Connection } from "../client.ts";
import type { Local, LocalResult } from "./local.ts";
import { openSocket } from "./socket-transport.ts";
import { openStream } from "./stream-transport.ts";
import type { Transport, TransportEnd, TransportOptions } from "./transport.ts";

/** Output of a listener. All methods return immediately. */
export interface ListenView {
  state(state: ListenState): void;
  received(frame: RequestFrame): void;
  answered(frame: RequestFrame, result: LocalResult): void;
  note(text: string): void;
}

export interface ListenState {
  readonly connection: "connecting" | "connected" | "waiting";
  /** ID of the endpoint; `null`: not known yet. */
  readonly endpoint: string | null;
  /** Deliveries that wait; `null`: not known. */
  readonly backlog: number | null;
  readonly isExact: boolean;
  /** Milliseconds of the lease after the last sign of the server; `null`: not connected. */
  readonly leaseMs: number | null;
  readonly transport: RelayTransport;
}

export interface ListenOptions {
  readonly connection: Connection;
  /** Application or source. */
  readonly app: string;
  /** Body of the invitation. */
  readonly invitation: object;
  readonly local: Local;
  readonly view: ListenView;
  /** Requests at a time. */
  readonly window: number;
  /** Ends after this many answers; `null`: never. */
  readonly exitAfter: number | null;
  readonly signal: AbortSignal;
}

/** Why listening ended. */
export type ListenEnd =
  | { readonly kind: "stopped" | "done" }
  | { readonly kind: "ended"; readonly reason: ByeReason | "refused"; readonly message: string };

/** The server sends pings more often. */
const SILENCE_MS = 25_000;
const WATCH_MS = 2000;
const MAX_WAIT_MS = 10_000;

interface Invited {
  readonly id: string;
  readonly ticket: string;
  readonly endpointId: string;
  readonly backlog: number;
  readonly backlogExact: boolean;
}

/** Listens until it is stopped, has answered enough requests, or must not reconnect. */
export async function listen(options: ListenOptions): Promise<ListenEnd> {
  const { signal, view } = options;
  let answers = 0;
  const onAnswer = (): boolean => ++answers === options.exitAfter;
  let transport: RelayTransport = "websocket";
  for (let failures = 0, isFirst = true; !signal.aborted; isFirst = false) {
    const invited = await invite(options, !isFirst);
    if (invited.kind === "ended") return invited;
    if (invited.kind === "invited") {
      const end: ConnectionEnd = await new Connected(options, invited.session, { kind: transport, onAnswer }).run();
      if (end.kind === "blocked") {
        transport = "event-stream";
        view.note(`WebSockets are blocked on the way to the server (${end.message}). Using an event stream.`);
        continue;
      }
      if (end.kind !== "lost") return end;
      if (end.wasConnected) failures = 0;
      // Neither worked, so the server may be the reason.
      else transport = "websocket";
      view.note(end.message);
    } else {
      if (isFirst) return { kind: "ended", reason: "refused", message: invited.message };
      view.note(invited.message);
    }
    if (signal.aborted) break;
    view.state({ connection: "waiting", endpoint: null, backlog: null, isExact: true, leaseMs: null, transport });
    const waitMs = Math.min(MAX_WAIT_MS, 250 * 2 ** failures++) * (0.5 + Math.random());
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
  }
  return { kind: "stopped" };
}

type Invitation =
  | { readonly kind: "invited"; readonly session: Invited }
  | { readonly kind: "later"; readonly message: string }
  | Extract<ListenEnd, { kind: "ended" }>;

async function invite({ connection, app, invitation }: ListenOptions, resume: boolean): Promise<Invitation> {
  const path = `/api/v1/app/${encodeURIComponent(app)}/relay/session`;
  try {
    const session = (await call(connection, "POST", path, { ...invitation, resume })) as unknown as Invited;
    return { kind: "invited", session };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof ApiError)) return { kind: "later", message };
    if (error.httpStatus >= 500 || error.httpStatus === 429) return { kind: "later", message };
    return {
      kind: "ended",
      reason: error.httpStatus === 401 || error.httpStatus === 403 ? "unauthorized" : "refused",
      message,
    };
  }
}

type ConnectionEnd =
  | ListenEnd
  | Extract<TransportEnd, { kind: "blocked" }>
  | { readonly kind: "lost"; readonly wasConnected: boolean; readonly message: string };

const OPEN: Readonly<Record<RelayTransport, (options: TransportOptions) => Transport>> = {
  websocket: openSocket,
  "event-stream": openStream,
};

/** One connection. */
class Connected {
  readonly #options: ListenOptions;
  readonly #invited: Invited;
  readonly #kind: RelayTransport;
  readonly #onAnswer: () => boolean;
  readonly #running = new Map<string, AbortController>();
  readonly #end = Promise.withResolvers<ConnectionEnd>();
  #transport: Transport | null = null;
  #heardAt = Date.now();
  #leaseMs: number | null = null;
  #isStopping = false;

  constructor(
    options: ListenOptions,
    invited: Invited,
    { kind, onAnswer }: { readonly kind: RelayTransport; readonly onAnswer: () => boolean },
  ) {
    this.#options = options;
    this.#invited = invited;
    this.#kind = kind;
    this.#onAnswer = onAnswer;
  }

  async run(): Promise<ConnectionEnd> {
    const { connection, app, signal, window } = this.#options;
    const { id: session, ticket, backlog, backlogExact } = this.#invited;
    this.#show("connecting", backlog, backlogExact);
    const transport = OPEN[this.#kind]({
      connection,
      app,
      session,
      ticket,
      window,
      onFrame: (text) => this.#received(text),
      onSign: () => (this.#heardAt = Date.now()),
      onEnd: (end) => this.#transportEnded(end),
    });
    this.#transport = transport;
    const stop = (): void => this.#stop({ kind: "stopped" });
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    // The clock is compared, because timers stop while a computer sleeps.
    const watch = setInterval(() => {
      if (Date.now() - this.#heardAt > SILENCE_MS) this.#lost("The server was silent. Reconnecting.");
    }, WATCH_MS);
    const end = await this.#end.promise;
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
    for (const controller of this.#running.values()) controller.abort();
    if (end.kind === "lost" || end.kind === "blocked") transport.terminate();
    else await transport.close();
    return end;
  }

  #transportEnded(end: TransportEnd): void {
    if (end.kind === "lost") return this.#lost(end.message);
    this.#end.resolve(end.kind === "blocked" ? end : { kind: "ended", reason: "refused", message: end.message });
  }

  #received(text: string): void {
    this.#heardAt = Date.now();
    const frame = readServerFrame(text);
    if (frame !== null) this.#handle(frame);
  }

  #handle(frame: ServerFrame): void {
    switch (frame.type) {
      case "hello":
        this.#leaseMs = frame.leaseMs;
        return this.#show("connected", this.#invited.backlog, this.#invited.backlogExact);
      case "state":
        return this.#show("connected", frame.backlog, frame.isExact);
      case "request":
        // The server sends the next request when one is returned to it. It takes that one back when the connection closes.
        if (this.#isStopping) return;
        this.#send({ type: "ack", id: frame.id });
        void this.#answer(frame);
        return;
      case "cancel":
        return this.#running.get(frame.id)?.abort();
      case "bye": {
        const { reason, message, reconnect } = frame;
        if (reconnect) return this.#lost(message);
        return this.#end.resolve({ kind: "ended", reason, message });
      }
      case "pong":
    }
  }

  async #answer(frame: RequestFrame): Promise<void> {
    const { local, view } = this.#options;
    view.received(frame);
    const controller = new AbortController();
    this.#running.set(frame.id, controller);
    const timer = setTimeout(() => controller.abort(), frame.timeoutMs);
    const result = await local(frame, controller.signal);
    clearTimeout(timer);
    // After a stop or a lost connection, the result is unknown, and the server sends the request again.
    if (!this.#running.delete(frame.id)) return;
    this.#send(frameOf(frame.id, result));
    view.answered(frame, result);
    if (this.#onAnswer()) this.#stop({ kind: "done" });
  }

  /** Tells the server which requests will get no answer, so that they use up no attempt. */
  #stop(end: ListenEnd): void {
    this.#isStopping = true;
    for (const [id, controller] of this.#running) {
      this.#send({ type: "error", id, code: "stopped", message: "The listener stops.", durationMs: 0 });
      controller.abort();
    }
    this.#running.clear();
    this.#end.resolve(end);
  }

  #lost(message: string): void {
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
    this.#end.resolve({ kind: "lost", wasConnected: this.#leaseMs !== null, message });
  }

  #send(frame: ClientFrame): void {
    this.#transport?.send(frame);
  }

  #show(connection: ListenState["connection"], backlog: number, isExact: boolean): void {
    const { endpointId: endpoint } = this.#invited;
    this.#options.view.state({ connection, endpoint, backlog, isExact, leaseMs: this.#leaseMs, transport: this.#kind });
  }
}

function frameOf(id: string, result: LocalResult): ClientFrame {
  if (result.kind === "error") {
    const { code, message, durationMs } = result;
    return { type: "error", id, code, message, durationMs };
  }
  const { status, headers, body, truncated, durationMs } = result;
  return { type: "response", id, status, headers, body: body.toString("base64"), truncated, durationMs };
}
