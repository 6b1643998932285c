/** The connection of a listener: invites itself, connects, answers requests, and reconnects until the server says not to. */
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import {
  type ByeReason,
  type ClientFrame,
  readServerFrame,
  RELAY_PROTOCOL,
  type RequestFrame,
  type ServerFrame,
} from "../../relay/frames.ts";
import { messageText } from "../../relay/message-text.ts";
import { ApiError, call, type Connection } from "../client.ts";
import type { Local, LocalResult } from "./local.ts";

/** What a listener shows. All methods return at once. */
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
  for (let failures = 0, isFirst = true; !signal.aborted; isFirst = false) {
    const invited = await invite(options, !isFirst);
    if (invited.kind === "ended") return invited;
    if (invited.kind === "invited") {
      const end = await new Connected(options, invited.session, onAnswer).run();
      if (end.kind !== "lost") return end;
      if (end.wasConnected) failures = 0;
      view.note(end.message);
    } else {
      if (isFirst) return { kind: "ended", reason: "refused", message: invited.message };
      view.note(invited.message);
    }
    if (signal.aborted) break;
    view.state({ connection: "waiting", endpoint: null, backlog: null, isExact: true, leaseMs: null });
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

type ConnectionEnd = ListenEnd | { readonly kind: "lost"; readonly wasConnected: boolean; readonly message: string };

/** One connection. */
class Connected {
  readonly #options: ListenOptions;
  readonly #invited: Invited;
  readonly #onAnswer: () => boolean;
  readonly #running = new Map<string, AbortController>();
  readonly #end = Promise.withResolvers<ConnectionEnd>();
  #socket: WebSocket | null = null;
  #heardAt = Date.now();
  #leaseMs: number | null = null;

  constructor(options: ListenOptions, invited: Invited, onAnswer: () => boolean) {
    this.#options = options;
    this.#invited = invited;
    this.#onAnswer = onAnswer;
  }

  async run(): Promise<ConnectionEnd> {
    const { connection, signal, window } = this.#options;
    this.#show("connecting", this.#invited.backlog, this.#invited.backlogExact);
    const url = new URL(`/api/v1/relay/socket?ticket=${this.#invited.ticket}`, connection.url);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const headers = { authorization: `Bearer ${connection.token}` };
    const socket = new WebSocket(url, RELAY_PROTOCOL, { headers, handshakeTimeout: 15_000 });
    this.#socket = socket;
    socket.on("open", () => this.#send({ type: "start", window }));
    socket.on("message", (data) => this.#received(messageText(data)));
    socket.on("ping", () => (this.#heardAt = Date.now()));
    socket.on("error", (error) => this.#lost(`The connection failed: ${error.message}`));
    socket.on("close", () => this.#lost("The connection was lost. Deliveries wait until it is back."));
    socket.on("unexpected-response", (_request, response) => this.#refused(response));
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
    if (end.kind === "lost") socket.terminate();
    else socket.close(1000);
    return end;
  }

  #refused(response: { readonly statusCode?: number | undefined } & NodeJS.ReadableStream): void {
    let text = "";
    response.on("data", (chunk) => (text += String(chunk)));
    response.on("end", () => {
      const message = ApiError.messageOf(text, response.statusCode ?? 0);
      const isFinal = [403, 404, 409].includes(response.statusCode ?? 0);
      if (isFinal) this.#end.resolve({ kind: "ended", reason: "refused", message });
      else this.#lost(message);
    });
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
    // After a stop or a lost connection, nothing is known: the server sends it again.
    if (!this.#running.delete(frame.id)) return;
    this.#send(frameOf(frame.id, result));
    view.answered(frame, result);
    if (this.#onAnswer()) this.#stop({ kind: "done" });
  }

  /** Tells the server which requests will get no answer, so that they use up no attempt. */
  #stop(end: ListenEnd): void {
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
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #show(connection: ListenState["connection"], backlog: number, isExact: boolean): void {
    const { endpointId: endpoint } = this.#invited;
    this.#options.view.state({ connection, endpoint, backlog, isExact, leaseMs: this.#leaseMs });
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
