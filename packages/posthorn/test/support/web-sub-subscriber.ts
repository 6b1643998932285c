/** A subscriber that follows the W3C Recommendation: discovers hub and topic, verifies intents, checks signatures. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type Received, type Receiver, type ReceiverResponse, startReceiver } from "@posthorn/testkit";

export interface SubscriberOptions {
  /** Response to the verification of intent; default: the challenge. */
  readonly intent?: (query: URLSearchParams) => ReceiverResponse;
  /** Response to events; default: 204. */
  readonly event?: (request: Received) => ReceiverResponse;
}

export class WebSubSubscriber implements AsyncDisposable {
  readonly callback: string;
  readonly secret = "a secret that only this subscriber knows";
  readonly receiver: Receiver;
  options: SubscriberOptions;

  private constructor(receiver: Receiver, options: SubscriberOptions) {
    this.receiver = receiver;
    this.options = options;
    this.callback = `${receiver.url}/callback?id=4%202&hub=own`;
    receiver.respondWith((request) => this.#respond(request));
  }

  static async start(options: SubscriberOptions = {}): Promise<WebSubSubscriber> {
    return new WebSubSubscriber(await startReceiver(), options);
  }

  /** Finds hub and topic in the Link header of a topic (section 4). */
  static async discover(topic: string): Promise<{ readonly hub: string; readonly self: string }> {
    const response = await fetch(topic, { method: "HEAD" });
    const link = response.headers.get("link") ?? "";
    const of = (rel: string): string => new RegExp(`<([^>]*)>; rel="${rel}"`).exec(link)?.[1] ?? "";
    return { hub: of("hub"), self: of("self") };
  }

  /** Queries of verifications of intent, and of notices. */
  get questions(): readonly URLSearchParams[] {
    return this.receiver.requests
      .filter(({ method }) => method === "GET")
      .map(({ path }) => new URL(path, this.receiver.url).searchParams);
  }

  get events(): readonly Received[] {
    return this.receiver.requests.filter(({ method }) => method === "POST");
  }

  /** Whether the signature of an event is that of its body (section 7.1). */
  verifies({ headers, body }: Received): boolean {
    const given = Buffer.from(headers["x-hub-signature"] ?? "");
    const expected = Buffer.from(`sha256=${createHmac("sha256", this.secret).update(body).digest("hex")}`);
    return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
  }

  async request(topic: string, parameters: Readonly<Record<string, string>> = {}): Promise<Response> {
    const { hub, self } = await WebSubSubscriber.discover(topic);
    return fetch(hub, {
      method: "POST",
      body: new URLSearchParams({
        "hub.mode": "subscribe",
        "hub.topic": self,
        "hub.callback": this.callback,
        "hub.secret": this.secret,
        ...parameters,
      }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.receiver.close();
  }

  #respond(request: Received): ReceiverResponse {
    if (request.method !== "GET") return this.options.event?.(request) ?? 204;
    const query = new URL(request.path, this.receiver.url).searchParams;
    if (query.get("hub.mode") === "denied") return 200;
    return this.options.intent?.(query) ?? { status: 200, body: query.get("hub.challenge") ?? "" };
  }
}
