/** Calls the APIs of providers through the guarded client. */
import type { Egress } from "@posthorn/egress";
import type { ApiAnswer, ApiRequest, ApiSilence } from "../backfill/types.ts";
import { USER_AGENT } from "./headers.ts";

const TIMEOUT_MS = 20_000;
/** A page of a hundred events of Stripe is rarely more than a megabyte. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export class ProviderCalls implements Disposable {
  readonly #egress: Pick<Egress, "send">;
  readonly #abort = new AbortController();

  constructor(egress: Pick<Egress, "send">) {
    this.#egress = egress;
  }

  /** Never rejects. */
  async send({ method, url, headers }: ApiRequest): Promise<ApiAnswer | ApiSilence> {
    const result = await this.#egress.send({
      method,
      url,
      headers: ["user-agent", USER_AGENT, ...headers],
      body: null,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_ANSWER_BYTES,
      signal: this.#abort.signal,
    });
    if (result.kind === "error") return { status: null, message: result.message };
    if (result.truncated || result.bodyError !== undefined) {
      return { status: null, message: "The answer of the provider's API did not arrive in full." };
    }
    const answered = new Map<string, string>();
    for (let index = 0; index + 1 < result.headers.length; index += 2) {
      answered.set(result.headers[index]!.toLowerCase(), result.headers[index + 1]!);
    }
    return { status: result.status, headers: answered, body: Buffer.from(result.body) };
  }

  /** Ends the calls that are under way. */
  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}
