/** A listener that speaks `posthorn.relay.v1`, like other clients of the protocol. */
import { eventually } from "@posthorn/testkit";
import { WebSocket } from "ws";
import { messageText } from "../../src/relay/message-text.ts";
import type { ClientFrame, RequestFrame, ServerFrame } from "../../src/relay/frames.ts";

export interface ListenOptions {
  readonly url: string;
  readonly token: string;
  readonly app: string;
  readonly name: string;
  readonly session?: object;
  readonly clientId?: string;
  readonly window?: number;
  /** Whether the token is in the first frame, and not in a header. */
  readonly tokenInFrame?: boolean;
}

/** Answers each request with 200 unless a test takes over. */
export class RelayClient implements Disposable {
  readonly endpointId: string;
  readonly sessionId: string;
  readonly requests: RequestFrame[] = [];
  readonly frames: ServerFrame[] = [];
  /** Status to respond with; `null`: no response. */
  respond: (request: RequestFrame) => Partial<Extract<ClientFrame, { type: "response" }>> | null = () => ({});
  /** Whether requests are acknowledged. */
  acks = true;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket, session: { readonly id: string; readonly endpointId: string }) {
    this.#socket = socket;
    this.endpointId = session.endpointId;
    this.sessionId = session.id;
    socket.on("message", (data) => this.#received(JSON.parse(messageText(data)) as ServerFrame));
    socket.on("error", () => undefined);
  }

  /** Connects, and resolves with the first frame of the server. */
  static async listen(options: ListenOptions): Promise<RelayClient> {
    const { url, token, window = 10, tokenInFrame = false } = options;
    const session = await invite(options);
    const socket = new WebSocket(
      `${url.replace(/^http/, "ws")}/api/v1/relay/socket?ticket=${session.ticket}`,
      "posthorn.relay.v1",
      tokenInFrame ? {} : { headers: { authorization: `Bearer ${token}` } },
    );
    const client = new RelayClient(socket, session);
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    client.send({ type: "start", window, ...(tokenInFrame ? { token } : {}) });
    await eventually(() => {
      if (client.frames.length === 0) throw new Error("no frame");
    });
    return client;
  }

  get bye(): Extract<ServerFrame, { type: "bye" }> | undefined {
    return this.frames.find((frame) => frame.type === "bye");
  }

  send(frame: ClientFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Waits for this many requests. */
  async received(count: number): Promise<readonly RequestFrame[]> {
    await eventually(
      () => {
        if (this.requests.length < count) throw new Error(`${this.requests.length} of ${count} requests`);
      },
      { timeoutMs: 60_000 },
    );
    return this.requests;
  }

  async ended(): Promise<Extract<ServerFrame, { type: "bye" }>> {
    await eventually(
      () => {
        if (this.bye === undefined) throw new Error("still connected");
      },
      { timeoutMs: 60_000 },
    );
    return this.bye!;
  }

  /** Disappears without closing the connection, like a machine that loses its network. */
  drop(): void {
    this.#socket.terminate();
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  #received(frame: ServerFrame): void {
    this.frames.push(frame);
    if (frame.type !== "request") return;
    this.requests.push(frame);
    if (!this.acks) return;
    this.send({ type: "ack", id: frame.id });
    const answer = this.respond(frame);
    if (answer === null) return;
    this.send({
      type: "response",
      id: frame.id,
      status: 200,
      headers: [],
      body: "",
      truncated: false,
      durationMs: 1,
      ...answer,
    });
  }
}

interface Session {
  readonly id: string;
  readonly ticket: string;
  readonly endpointId: string;
}

export async function invite({
  url,
  token,
  app,
  name,
  session = {},
  clientId = `client-${name}`,
}: ListenOptions): Promise<Session> {
  const response = await fetch(`${url}/api/v1/app/${app}/relay/session`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ name, clientId, ...session }),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as Session;
}
