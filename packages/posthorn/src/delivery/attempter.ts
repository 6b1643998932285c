/** Makes an attempt: reads the endpoint as it is now, changes what it wants changed, signs, sends, and says what came of it. */
import type { EgressResult } from "@posthorn/egress";
import type { Attempter, AttemptResult, Job } from "../dispatch/types.ts";
import type { TransformRunner } from "../domain/ports.ts";
import { shape, type ShapedRequest, type ShapeFailure } from "../domain/delivery/outgoing-request.ts";
import type { DirectoryEndpoint } from "../domain/directory-endpoint.ts";
import type { Directory } from "../domain/directory.ts";
import { readStored } from "../domain/message/sample.ts";
import type { IdGenerator } from "../lib/id.ts";
import type { Store } from "../store/store.ts";
import type { SecretBox } from "../lib/secret-box.ts";
import { detailOf, type Sent, unsentDetail } from "./attempt-detail.ts";
import type { SeenCertificate } from "../workers/certificate-monitor.ts";
import { changeFacts, type ChangeFacts } from "./change-facts.ts";
import type { EndpointSender } from "../destinations/http/endpoint-sender.ts";
import { passedOn } from "../destinations/http/forward.ts";
import {
  flatHeaders,
  type HeaderFamily,
  signedHeaders,
  standardHeaders,
  USER_AGENT,
} from "../destinations/http/headers.ts";
import { namingProxy } from "../destinations/http/proxy-fault.ts";
import { MAX_RESPONSE_BYTES } from "../destinations/http/response-text.ts";
import { type Verdict, verdictOf } from "../destinations/http/judge.ts";

export interface DeliveryAttempterOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly sender: EndpointSender;
  readonly transforms: TransformRunner;
  readonly ids: IdGenerator;
  readonly now: () => number;
  readonly families: readonly HeaderFamily[];
  readonly secretBox: SecretBox;
  /** Told what came of each request, before it is recorded. Must be quick and must not throw. */
  readonly onAnswer?: (job: Job, result: EgressResult, verdict: Verdict) => void;
  /** Told what certificate a receiver showed. Must be quick and must not throw. */
  readonly onCertificate?: (seen: SeenCertificate) => void;
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

/** What ends an attempt before its request is sent. */
interface SendLimits {
  readonly signal: AbortSignal;
  readonly maySend: () => boolean;
}

/** A request that is ready but for its signature. */
interface Prepared extends ShapedRequest {
  /** `url` as it is kept. */
  readonly shownUrl: string;
  /** `headers` as they are kept. */
  readonly masked: readonly (string | null)[];
  /** `null`: it is the message as it was published. */
  readonly change: ChangeFacts | null;
  /** Under which names the signature goes. */
  readonly families: readonly HeaderFamily[];
  /** Empty: it is among the headers. */
  readonly userAgent: string;
}

/** Faults of ours that pass, and that hit every delivery alike. Any other fault would come again with the same request. */
const PASSING_FAULTS: ReadonlySet<string> = new Set([
  "dns_failed",
  "proxy_failed",
  "no_sockets",
  "stalled",
  "shutdown",
]);
/** Methods that have no body unless one came with them. */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "DELETE"]);
/** After a fault of our own the lane waits this long. */
const OWN_FAULT_PAUSE_MS = 2000;
/** A lane whose transformation found no room waits this long. */
const BUSY_PAUSE_MS = 500;

export class DeliveryAttempter implements Attempter {
  readonly #options: DeliveryAttempterOptions;

  constructor(options: DeliveryAttempterOptions) {
    this.#options = options;
  }

  async attempt(job: Job, signal: AbortSignal, maySend: () => boolean): Promise<AttemptResult> {
    const { store, directory } = this.#options;
    const endpoint = await directory.endpoint(job.endpointId);
    if (endpoint === null) return { kind: "void", reason: "endpoint_gone" };
    if (endpoint.isHeld) return { kind: "held" };
    if (job.trigger === 0 && endpoint.discards(job.messageId)) return { kind: "void", reason: "discarded" };
    if (endpoint.reshapes) return this.#reshape(job, endpoint, { signal, maySend });
    const body = job.payload ?? (await store.payload(job.messageId));
    if (body === null) return { kind: "void", reason: "payload_gone" };
    return this.#send(job, endpoint, this.#plain(job, endpoint, body), { signal, maySend });
  }

  /** The message as it was published, or as it came in. */
  #plain({ contentType, requestJson }: Job, endpoint: DirectoryEndpoint, body: Uint8Array): Prepared {
    const { families, secretBox } = this.#options;
    if (requestJson !== null) {
      const passed = passedOn({ endpoint, requestJson, families, secretBox, changed: null });
      return { ...passed, contentType: "", body, change: null };
    }
    const { url, headers, maskedHeaders: masked } = endpoint;
    const as = { method: "POST", url, shownUrl: url, headers, masked, families, userAgent: USER_AGENT };
    return { ...as, contentType, body, change: null };
  }

  /** With the code and the format that the endpoint has now. Reads the message again: code sees more of it than a delivery needs. */
  async #reshape(job: Job, endpoint: DirectoryEndpoint, limits: SendLimits): Promise<AttemptResult> {
    const { store, transforms } = this.#options;
    const message = await readStored(store.hotDb, job.messageId);
    if (message === null) return { kind: "void", reason: "payload_gone" };
    const shaped = await shape({ settings: endpoint.shapeSettings, message, transforms, signal: limits.signal });
    switch (shaped.kind) {
      case "busy":
        return { kind: "not_now", pauseMs: BUSY_PAUSE_MS };
      case "canceled":
        return { kind: "void", reason: "transformation" };
      case "failed":
        return this.#unsent(endpoint, shaped);
      case "request": {
        const { request, differs, run } = shaped;
        const change = changeFacts(run, differs ? request.body : null);
        return this.#send(job, endpoint, { ...this.#changed(job, endpoint, request), change }, limits);
      }
    }
  }

  /** What code or a format made of it. A request that came in keeps the headers that are not about its body. */
  #changed({ requestJson }: Job, endpoint: DirectoryEndpoint, request: ShapedRequest): Omit<Prepared, "change"> {
    const { families, secretBox } = this.#options;
    const masked = endpoint.masked(request.headers);
    const { method, url, contentType, body } = request;
    if (requestJson === null) return { ...request, shownUrl: url, masked, families, userAgent: USER_AGENT };
    const passed = passedOn({ endpoint, requestJson, families, secretBox, changed: request.headers });
    // What the code left alone is passed on as for any request.
    const target = url === endpoint.url ? passed : { url, shownUrl: url };
    return {
      ...passed,
      method: method === "POST" ? passed.method : method,
      url: target.url,
      shownUrl: target.shownUrl,
      contentType,
      body,
    };
  }

  #unsent({ url }: DirectoryEndpoint, { code, message, final, run }: ShapeFailure): AttemptResult {
    const { key, id } = this.#options.ids.next("atmpt_");
    const durationMs = Math.round(run?.cpuMs ?? 0);
    const attempt = {
      id: key,
      publicId: id,
      url,
      status: 2,
      responseCode: 0,
      response: message,
      durationMs,
      errorCode: code,
      detailJson: unsentDetail(changeFacts(run, null), durationMs),
      unsent: true,
    } as const;
    return { kind: "made", attempt, retryAfterMs: null, ...(final ? { final } : {}) };
  }

  async #send(job: Job, endpoint: DirectoryEndpoint, prepared: Prepared, limits: SendLimits): Promise<AttemptResult> {
    const { sender, ids, now, onTrouble } = this.#options;
    const startedAt = now();
    const { key, id } = ids.next("atmpt_");
    const { publicId: messageId } = job;
    const { method, url, shownUrl, headers, masked, contentType, body, change, families, userAgent } = prepared;
    const standard = standardHeaders(endpoint, { messageId, now: startedAt, contentType, body, families, userAgent });
    const unsigned = { messageId, method, url, standard, headers, masked, body };
    const signed = endpoint.requestSigner === null ? unsigned : await signedHeaders(endpoint, unsigned);
    const extra = change === null ? null : { change };
    const sent: Sent = { method, standard, headers: signed.masked, bodyBytes: body.byteLength, extra };
    const { timeoutMs } = endpoint.policy.values.limits;
    const answer = await sender.send(endpoint, {
      method,
      url,
      headers: flatHeaders(messageId, standard, signed.headers),
      body: body.byteLength === 0 && BODILESS.has(method) ? null : body,
      timeoutMs,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      signal: limits.signal,
      // A machine that was suspended counts no time that passed, but its clock is set on.
      maySend: () => limits.maySend() && now() - startedAt < timeoutMs,
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
    if (result.kind === "response" && result.tls !== undefined) {
      this.#options.onCertificate?.({ endpointKey: job.endpointId, url, validTo: result.tls.validTo });
    }
    const { status, responseCode, response, errorCode, retryAfterMs } = verdict;
    const attempt = {
      id: key,
      publicId: id,
      url: shownUrl,
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
