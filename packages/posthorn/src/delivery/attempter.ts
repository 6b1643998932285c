/** Makes an attempt: reads the endpoint as it is now, signs, sends, and says what came of it. */
import type { Attempter, AttemptResult, Job } from "../dispatch/types.ts";
import type { Directory, DirectoryEndpoint } from "../domain/directory.ts";
import type { IdGenerator } from "../id.ts";
import type { Store } from "../store/store.ts";
import type { EndpointSender } from "./endpoint-sender.ts";
import { detailOf, type Sent } from "./attempt-detail.ts";
import { namingProxy } from "./proxy-fault.ts";
import { flatHeaders, type HeaderFamily, standardHeaders } from "./headers.ts";
import { MAX_RESPONSE_BYTES } from "./response-text.ts";
import { verdictOf } from "./verdict.ts";

export interface DeliveryAttempterOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly sender: EndpointSender;
  readonly ids: IdGenerator;
  readonly now: () => number;
  readonly families: readonly HeaderFamily[];
  /** Told why no request was made, with what only operators may see: the rule, the resolved address, the setting. */
  readonly onTrouble: (trouble: AttemptTrouble) => void;
}

export interface AttemptTrouble {
  readonly code: string;
  readonly detail: string;
  /** Without its path, which can be a secret. */
  readonly origin: string;
  readonly endpointId: string;
}

/** Faults of ours that pass, and that hit every delivery alike. Any other fault would come again with the same request. */
const PASSING_FAULTS: ReadonlySet<string> = new Set(["dns_failed", "proxy_failed", "no_sockets", "shutdown"]);
/** After a fault of our own the lane waits this long. */
const OWN_FAULT_PAUSE_MS = 2000;

export class DeliveryAttempter implements Attempter {
  readonly #options: DeliveryAttempterOptions;

  constructor(options: DeliveryAttempterOptions) {
    this.#options = options;
  }

  async attempt(job: Job, signal: AbortSignal): Promise<AttemptResult> {
    const { store, directory } = this.#options;
    const endpoint = await directory.endpoint(job.endpointId);
    if (endpoint === null) return { kind: "void", reason: "endpoint_gone" };
    if (endpoint.isHeld) return { kind: "held" };
    const body = job.payload ?? (await store.payload(job.messageId));
    if (body === null) return { kind: "void", reason: "payload_gone" };
    return this.#send(job, endpoint, body, signal);
  }

  async #send(job: Job, endpoint: DirectoryEndpoint, body: Uint8Array, signal: AbortSignal): Promise<AttemptResult> {
    const { sender, ids, now, families, onTrouble } = this.#options;
    const startedAt = now();
    const { key, id } = ids.next("atmpt_");
    const { publicId: messageId, contentType } = job;
    const standard = standardHeaders(endpoint, { messageId, now: startedAt, contentType, body, families });
    const sent: Sent = { method: "POST", standard, moreHeaders: [], bodyBytes: body.byteLength, extra: null };
    const answer = await sender.send(endpoint, {
      method: sent.method,
      url: endpoint.url,
      headers: flatHeaders(messageId, standard, endpoint.headers),
      body,
      timeoutMs: endpoint.policy.values.limits.timeoutMs,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      signal,
    });
    const result = namingProxy(answer, endpoint.proxyOf);
    if (result.kind === "error" && result.fault !== "target") {
      if (result.fault === "canceled") return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
      const { code, detail } = result;
      onTrouble({ code, detail, origin: new URL(endpoint.url).origin, endpointId: endpoint.id });
      // A proxy that a customer has is in trouble for this customer alone, and could be for ever.
      const ownProxy = code === "proxy_failed" && endpoint.proxyOf !== null;
      if (PASSING_FAULTS.has(code) && !ownProxy) return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
    }
    const verdict = verdictOf(result, endpoint.policy.success, now());
    const { status, responseCode, response, errorCode, retryAfterMs } = verdict;
    const attempt = {
      id: key,
      publicId: id,
      url: endpoint.url,
      status,
      responseCode,
      response,
      durationMs: Math.round(result.timings.totalMs),
      errorCode,
      detailJson: detailOf(endpoint, sent, result, verdict),
    };
    return { kind: "made", attempt, retryAfterMs };
  }
}
