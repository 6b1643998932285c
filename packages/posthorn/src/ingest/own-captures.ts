/** Accepts deliveries to captures of this server without a connection, so that no address rule has to be relaxed for them. */
import { sourceTokenOf } from "../domain/source/own-capture.ts";
import type { Gateway } from "./gateway.ts";
import type { InboundResponse } from "./inbound-response.ts";
import { jsonResponse } from "./verifier.ts";

export interface CapturedDelivery {
  readonly url: string;
  readonly method: string;
  /** Alternating names and values. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

export type CaptureGateway = Pick<
  Gateway,
  "ingestUrl" | "known" | "find" | "admit" | "receive" | "maxBodyBytes" | "limits"
>;

/** Address shown for deliveries that this server sends to itself. */
const OWN_ADDRESS = "127.0.0.1";
const TOO_LARGE = jsonResponse(413, "payload_too_large", "The body is larger than this source accepts.");

export class OwnCaptures {
  readonly #gateway: () => CaptureGateway;

  constructor(gateway: () => CaptureGateway) {
    this.#gateway = gateway;
  }

  /** Whether a URL can be that of a capture. Cheap: called for each delivery. */
  matches(url: string): boolean {
    return sourceTokenOf(this.#gateway().ingestUrl, url) !== null;
  }

  /** Stores the request in the capture. `null`: the URL is not that of a live capture, and the usual rules apply to it. */
  async receive({ url, method, headers, body }: CapturedDelivery): Promise<InboundResponse | null> {
    const gateway = this.#gateway();
    const token = sourceTokenOf(gateway.ingestUrl, url);
    if (token === null) return null;
    const source = gateway.known(token) ?? (await gateway.find(token));
    // Sources without an expiry are not captures: deliveries to them could form a loop.
    if ("status" in source || source.settings.expiresAt === null) return null;
    const named = byName(headers);
    const refusal = gateway.admit(source, { address: OWN_ADDRESS, headers: named });
    if (refusal !== null) return refusal;
    if (body.byteLength > gateway.maxBodyBytes(source)) return TOO_LARGE;
    if (!gateway.limits.takeBytes(source.key, body.byteLength)) {
      return jsonResponse(503, "busy", "The server is busy. Try again later.", { "retry-after": "5" });
    }
    try {
      const from = { address: OWN_ADDRESS, path: "", query: "" };
      return await gateway.receive(source, { ...from, token, method, rawHeaders: headers, headers: named, body });
    } finally {
      gateway.limits.giveBytes(source.key, body.byteLength);
    }
  }
}

function byName(headers: readonly string[]): Record<string, string> {
  const named: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]!.toLowerCase();
    named[name] = named[name] === undefined ? headers[index + 1]! : `${named[name]}, ${headers[index + 1]!}`;
  }
  return named;
}
