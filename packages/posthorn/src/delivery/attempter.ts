/** Makes an attempt: reads the endpoint as it is now, signs, sends, and says what came of it. */
import type { EgressResult } from "@posthorn/egress";
import type { Attempter, AttemptResult, Job } from "../dispatch/types.ts";
import type { Directory, DirectoryEndpoint } from "../domain/directory.ts";
import type { IdGenerator } from "../id.ts";
import type { Store } from "../store/store.ts";
import type { Vault } from "../vault.ts";
import type { EndpointSender } from "./endpoint-sender.ts";
import { detailOf, type Sent } from "./attempt-detail.ts";
import { namingProxy } from "./proxy-fault.ts";
import { type Forwarded, forwardedRequest } from "./forward.ts";
import { flatHeaders, type HeaderFamily, standardHeaders, USER_AGENT } from "./headers.ts";
import { MAX_RESPONSE_BYTES } from "./response-text.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export interface DeliveryAttempterOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly sender: EndpointSender;
  readonly ids: IdGenerator;
  readonly now: () => number;
  readonly families: readonly HeaderFamily[];
  readonly vault: Vault;
  /** Told what came of each request, before it is recorded. Must be quick and must not throw. */
  readonly onAnswer?: (job: Job, result: EgressResult, verdict: Verdict) => void;
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

/** A request that is ready but for its body and its signature. */
interface Prepared extends Forwarded {
  /** Empty: it is among the headers. */
  readonly contentType: string;
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

  /** All of a request but its body and its signature. */
  #prepare({ contentType, requestJson }: Job, endpoint: DirectoryEndpoint): Prepared {
    const { families, vault } = this.#options;
    if (requestJson !== null) {
      return { ...forwardedRequest({ endpoint, requestJson, families, vault }), contentType: "" };
    }
    const { url, headers, maskedHeaders: masked } = endpoint;
    return { method: "POST", url, headers, masked, families, contentType, userAgent: USER_AGENT };
  }

  async #send(job: Job, endpoint: DirectoryEndpoint, body: Uint8Array, signal: AbortSignal): Promise<AttemptResult> {
    const { sender, ids, now, onTrouble } = this.#options;
    const startedAt = now();
    const { key, id } = ids.next("atmpt_");
    const { publicId: messageId } = job;
    const { method, url, headers, masked, families, contentType, userAgent } = this.#prepare(job, endpoint);
    const standard = standardHeaders(endpoint, { messageId, now: startedAt, contentType, body, families, userAgent });
    const sent: Sent = { method, standard, headers: masked, bodyBytes: body.byteLength, extra: null };
    const answer = await sender.send(endpoint, {
      method,
      url,
      headers: flatHeaders(messageId, standard, headers),
      body: body.byteLength === 0 && (method === "GET" || method === "HEAD") ? null : body,
      timeoutMs: endpoint.policy.values.limits.timeoutMs,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      signal,
    });
    const result = namingProxy(answer, endpoint.proxyOf);
    if (result.kind === "error" && result.fault !== "target") {
      if (result.fault === "canceled") return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
      const { code, detail } = result;
      onTrouble({ code, detail, origin: new URL(url).origin, endpointId: endpoint.id });
      // A proxy that a customer has is in trouble for this customer alone, and could be for ever.
      const ownProxy = code === "proxy_failed" && endpoint.proxyOf !== null;
      if (PASSING_FAULTS.has(code) && !ownProxy) return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
    }
    const verdict = verdictOf(result, endpoint.policy.success, now());
    this.#options.onAnswer?.(job, result, verdict);
    const { status, responseCode, response, errorCode, retryAfterMs } = verdict;
    const attempt = {
      id: key,
      publicId: id,
      url,
      status,
      responseCode,
      response,
      durationMs: Math.round(result.timings.totalMs),
      errorCode,
      detailJson: detailOf(sent, result, verdict),
    };
    return { kind: "made", attempt, retryAfterMs };
  }
}
