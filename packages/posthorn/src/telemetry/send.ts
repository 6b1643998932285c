/** Sends OTLP requests over HTTP. The collector is chosen by the operator, so its address is not checked like that of an endpoint. */
import { readFileSync } from "node:fs";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { SignalExport } from "../config/telemetry.ts";
import type { OtlpRequest } from "./otlp.ts";
import { encodeProtobuf } from "./protobuf.ts";

/** Status codes after which the specification of OTLP asks for a retry. */
const RETRIED: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;
const MAX_REPLY_BYTES = 4096;

interface Reply {
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly text: string;
}

/** `null`: exported. Otherwise the reason why it was not, in a sentence. */
export type SendFailure = string | null;

export class OtlpSender {
  readonly #target: SignalExport;
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #version: string;

  constructor(target: SignalExport, version: string) {
    this.#version = version;
    const { ca, cert, key } = target.tls;
    this.#target = target;
    this.#url = new URL(target.url);
    const options = { keepAlive: true, maxSockets: 1 };
    const tls = {
      ...(ca === "" ? {} : { ca: readFileSync(ca) }),
      ...(cert === "" ? {} : { cert: readFileSync(cert) }),
      ...(key === "" ? {} : { key: readFileSync(key) }),
    };
    this.#agent = this.#url.protocol === "https:" ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options);
  }

  /** Never rejects. Retries temporary failures within the timeout of the exporter, or until `signal` aborts. */
  async send(request: OtlpRequest, signal: AbortSignal): Promise<SendFailure> {
    const { protocol, gzip, timeoutMs } = this.#target;
    const plain = protocol === "http/json" ? Buffer.from(JSON.stringify(request)) : encodeProtobuf(request);
    const body = gzip ? gzipSync(plain) : plain;
    const ends = Date.now() + timeoutMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      const { failure, retryAfterMs } = await this.#try(body, ends, signal);
      if (failure === null || retryAfterMs === null) return failure;
      // Random, so that nodes that lost the same collector do not all return at once.
      const wait = Math.max(retryAfterMs, pause * (0.5 + Math.random()));
      if (Date.now() + wait >= ends || signal.aborted) return failure;
      await delay(wait, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return failure;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #try(
    body: Buffer,
    ends: number,
    signal: AbortSignal,
  ): Promise<{ readonly failure: SendFailure; readonly retryAfterMs: number | null }> {
    try {
      const until = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, ends - Date.now()))]);
      const { status, retryAfterMs, text } = await this.#post(body, until);
      if (status >= 200 && status < 300) return { failure: null, retryAfterMs: null };
      const failure = `${this.#url.origin} responded with HTTP ${status}${text === "" ? "" : `: ${text}`}`;
      return { failure, retryAfterMs: RETRIED.has(status) ? (retryAfterMs ?? 0) : null };
    } catch (error) {
      const { code, message } = error as Error & { readonly code?: string };
      return { failure: `${this.#url.origin} cannot be reached (${code ?? message})`, retryAfterMs: 0 };
    }
  }

  #post(body: Buffer, signal: AbortSignal): Promise<Reply> {
    const { protocol, gzip, headers } = this.#target;
    const send = this.#url.protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = send(
        this.#url,
        {
          method: "POST",
          agent: this.#agent,
          signal,
          headers: {
            "user-agent": `OTel-OTLP-Exporter-Posthorn/${this.#version}`,
            ...headers,
            "content-type": protocol === "http/json" ? "application/json" : "application/x-protobuf",
            "content-length": body.length,
            ...(gzip ? { "content-encoding": "gzip" } : {}),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on("data", (chunk: Buffer) => {
            if (size < MAX_REPLY_BYTES) chunks.push(chunk);
            size += chunk.length;
          });
          response.on("error", reject);
          response.on("end", () => {
            const seconds = Number(response.headers["retry-after"]);
            resolve({
              status: response.statusCode ?? 0,
              retryAfterMs: seconds > 0 ? seconds * 1000 : null,
              text: printable(Buffer.concat(chunks)),
            });
          });
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }
}

/** Text of an error response, without the control characters of a protobuf body. */
function printable(body: Buffer): string {
  return body
    .toString("utf8", 0, 200)
    .replaceAll(/[\p{Cc}\uFFFD]+/gu, " ")
    .trim();
}
