/** Calls provider APIs through the egress client with its address guard. */
import type { Egress } from "@posthorn/egress";
import type { ApiResponse, ApiRequest, ApiFailure } from "../backfill/types.ts";
import { USER_AGENT } from "../destinations/http/request.ts";

const TIMEOUT_MS = 20_000;
/** A page of 100 Stripe events is rarely larger than 1 MB. */
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;

export class ProviderCalls implements Disposable {
  readonly #egress: Pick<Egress, "send">;
  readonly #abort = new AbortController();

  constructor(egress: Pick<Egress, "send">) {
    this.#egress = egress;
  }

  /** Never rejects. */
  async send({ method, url, headers }: ApiRequest): Promise<ApiResponse | ApiFailure> {
    const result = await this.#egress.send({
      method,
      url,
      headers: ["user-agent", USER_AGENT, ...headers],
      body: null,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      signal: this.#abort.signal,
    });
    if (result.kind === "error") return { status: null, message: result.message };
    if (result.truncated || result.bodyError !== undefined) {
      return { status: null, message: "The response of the provider's API was incomplete." };
    }
    const headersByName = new Map<string, string>();
    for (let index = 0; index + 1 < result.headers.length; index += 2) {
      headersByName.set(result.headers[index]!.toLowerCase(), result.headers[index + 1]!);
    }
    return { status: result.status, headers: headersByName, body: Buffer.from(result.body) };
  }

  /** Aborts calls in progress. */
  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}
