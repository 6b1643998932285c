/** A request that a hook received. */
import { type StandardVerified, verify } from "@posthorn/webhooks";
import type { EgressRequest } from "@posthorn/egress";

export interface WebhookFacts {
  readonly type: string | null;
  readonly attempt: number;
  readonly at: number;
  readonly secret: string | null;
}

/** One request to a hook. A message that is retried arrives as several of them, with the same `id`. */
export class ReceivedWebhook {
  /** `webhook-id`: the same for each attempt of a message. */
  readonly id: string;
  /** Event type of the message; `null` if the request belongs to none. */
  readonly type: string | null;
  /** 1 for the first request with this ID at this hook. */
  readonly attempt: number;
  /** Time of the test's clock. */
  readonly at: Date;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** The bytes that were signed. */
  readonly body: Uint8Array;
  /** What the hook responded: an HTTP status, or how the connection failed. */
  outcome: number | string = "no response";
  /** What the handler of the hook threw; `null`: nothing. */
  error: unknown = null;
  readonly #secret: string | null;

  constructor(request: EgressRequest, { type, attempt, at, secret }: WebhookFacts) {
    this.method = request.method;
    this.url = request.url;
    this.headers = headersOf(request.headers);
    this.body = request.body ?? new Uint8Array();
    this.id = this.headers.get("webhook-id") ?? "";
    this.type = type;
    this.attempt = attempt;
    this.at = new Date(at);
    this.#secret = secret;
  }

  /** Whether the hook accepted it with a 2xx. */
  get accepted(): boolean {
    return typeof this.outcome === "number" && this.outcome >= 200 && this.outcome < 300;
  }

  text(): string {
    return new TextDecoder().decode(this.body);
  }

  /** The parsed payload. Throws a `SyntaxError` if it is not JSON. */
  json(): unknown {
    return JSON.parse(this.text()) as unknown;
  }

  /** A new `Request` with the same bytes, to pass to your handler. */
  request(): Request {
    const { method, headers, url, body } = this;
    return new Request(url, { method, headers, body: body.length === 0 ? null : Buffer.from(body) });
  }

  /**
   * Verifies the signature, as of the time at which it arrived. Rejects with a `WebhookError` that names the reason.
   *
   * @param secret Default: the secret of the endpoint.
   */
  verify(secret: string | null = this.#secret): Promise<StandardVerified> {
    return verify({ headers: this.headers, body: this.body }, secret ?? "", { now: () => this.at.getTime() });
  }
}

function headersOf(flat: readonly string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at < flat.length; at += 2) headers.append(flat[at]!, flat[at + 1]!);
  return headers;
}
