/** Calls the URLs of receivers that subscribe, through the guarded client and with the address rules of their application. */
import { type Egress, parseAllowList } from "@posthorn/egress";
import type { SubscriberClient, SubscriberRequest, SubscriberResponse } from "../../domain/ports.ts";

/** Longest time for a call. Subscribers respond from memory. */
const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 4096;

export class GuardedSubscriberClient implements SubscriberClient {
  readonly #egress: Pick<Egress, "send">;
  readonly #userAgent: string;

  constructor(egress: Pick<Egress, "send">, userAgent: string) {
    this.#egress = egress;
    this.#userAgent = userAgent;
  }

  async send({
    method,
    url,
    headers,
    body: sent,
    allow,
    proxy,
    signal,
  }: SubscriberRequest): Promise<SubscriberResponse> {
    const result = await this.#egress.send({
      method,
      url,
      headers: ["user-agent", this.#userAgent, ...headers],
      body: sent ?? null,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      ...(allow === null ? {} : { allow: parseAllowList(allow) }),
      ...(proxy === null ? {} : { proxy }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.kind === "error") return { kind: "error", code: result.code, message: result.message };
    const named: Record<string, string> = {};
    for (let index = 0; index + 1 < result.headers.length; index += 2) {
      named[result.headers[index]!.toLowerCase()] ??= result.headers[index + 1]!;
    }
    const { status, body, truncated, bodyError } = result;
    return { kind: "response", status, headers: named, body, truncated: truncated || bodyError !== undefined };
  }
}
