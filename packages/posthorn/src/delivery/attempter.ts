/** Makes an attempt: reads the endpoint as it is now, signs, sends, and says what came of it. */
import type { EgressResult } from "@posthorn/egress";
import type { Attempter, AttemptRecord, AttemptResult, Job } from "../dispatch/types.ts";
import type { Directory, DirectoryEndpoint } from "../domain/directory.ts";
import type { IdGenerator } from "../id.ts";
import type { Store } from "../store/store.ts";
import type { EndpointSender } from "./endpoint-sender.ts";
import { deliveryHeaders, type HeaderFamily } from "./headers.ts";

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

/** Bytes of a response that are kept. */
const MAX_RESPONSE_BYTES = 20_000;
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
    if (endpoint.disabled) return { kind: "held" };
    const body = job.payload ?? (await store.payload(job.messageId));
    if (body === null) return { kind: "void", reason: "payload_gone" };
    return this.#send(job, endpoint, body, signal);
  }

  async #send(job: Job, endpoint: DirectoryEndpoint, body: Uint8Array, signal: AbortSignal): Promise<AttemptResult> {
    const { sender, ids, now, families, onTrouble } = this.#options;
    const startedAt = now();
    const { key, id } = ids.next("atmpt_");
    const { publicId: messageId, contentType } = job;
    const result = await sender.send(endpoint, {
      method: "POST",
      url: endpoint.url,
      headers: deliveryHeaders(endpoint, { messageId, now: startedAt, contentType, body, families }),
      body,
      timeoutMs: endpoint.policy.values.limits.timeoutMs,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      signal,
    });
    if (result.kind === "error" && result.fault !== "target") {
      if (result.fault === "canceled") return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
      const { code, detail } = result;
      onTrouble({ code, detail, origin: new URL(endpoint.url).origin, endpointId: endpoint.id });
      // A proxy of its own is in trouble for this endpoint alone, and could be for ever.
      const ownProxy = code === "proxy_failed" && endpoint.egress.proxy !== undefined;
      if (PASSING_FAULTS.has(code) && !ownProxy) return { kind: "not_now", pauseMs: OWN_FAULT_PAUSE_MS };
    }
    const base = { id: key, publicId: id, url: endpoint.url, detailJson: null };
    return { kind: "made", attempt: { ...base, durationMs: Math.round(result.timings.totalMs), ...outcomeOf(result) } };
  }
}

type AttemptOutcome = Pick<AttemptRecord, "status" | "responseCode" | "response" | "errorCode">;

/** 2xx is success and nothing else is. An answer whose body broke off still has its status. */
function outcomeOf(result: EgressResult): AttemptOutcome {
  if (result.kind === "error") return { status: 2, responseCode: 0, response: result.message, errorCode: result.code };
  const { status, body, location } = result;
  if (status >= 200 && status <= 299)
    return { status: 0, responseCode: status, response: textOf(body), errorCode: null };
  const redirect = status >= 300 && status <= 399;
  const response =
    redirect && body.byteLength === 0 && location !== undefined
      ? `Redirects are not followed. The URL points to ${location}: change the endpoint if that is right.`
      : textOf(body);
  return { status: 2, responseCode: status, response, errorCode: redirect ? "redirect" : "status" };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of a response; what is not UTF-8 in base64. */
function textOf(body: Uint8Array): string {
  if (body.byteLength === 0) return "";
  try {
    return utf8.decode(body);
  } catch {
    // A body that was cut off may end within a character.
    return decodeCut(body) ?? Buffer.from(body).toString("base64");
  }
}

function decodeCut(body: Uint8Array): string | null {
  if (body.byteLength < MAX_RESPONSE_BYTES) return null;
  for (let cut = 1; cut <= 3; cut++) {
    try {
      return utf8.decode(body.subarray(0, body.byteLength - cut));
    } catch {
      continue;
    }
  }
  return null;
}
