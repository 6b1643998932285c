/** HTTP client for key management services. */
import { setTimeout as delay } from "node:timers/promises";
import { keyUnavailable } from "./errors.ts";

export interface ServiceRequest {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ServiceResponse {
  readonly status: number;
  readonly text: string;
}

export interface ServiceLimits {
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Pause before another attempt. */
  readonly pauseMs: number;
}

const LIMITS: ServiceLimits = { timeoutMs: 10_000, attempts: 3, pauseMs: 1000 };
const MAX_BYTES = 65_536;

/**
 * Sends a request to a service. Up to three attempts of ten seconds: another one follows if there is no response, a server error, or
 * too many requests.
 *
 * @param build Called for each attempt, because signatures contain the time.
 * @param service Name of the service, for errors.
 */
export async function callService(
  service: string,
  build: () => Promise<ServiceRequest> | ServiceRequest,
  limits: ServiceLimits = LIMITS,
): Promise<ServiceResponse> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt >= limits.attempts;
    const request = await build();
    try {
      const response = await send(request, limits.timeoutMs);
      if (isLast || (response.status < 500 && response.status !== 429)) return response;
    } catch (cause) {
      if (isLast) {
        const { origin } = new URL(request.url);
        throw keyUnavailable(`${service} at ${origin} cannot be reached: ${reasonOf(cause, limits)}.`, cause);
      }
    }
    await delay(limits.pauseMs);
  }
}

async function send({ url, ...init }: ServiceRequest, timeoutMs: number): Promise<ServiceResponse> {
  const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`its response has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { status: response.status, text: Buffer.concat(chunks).toString("utf8") };
}

function reasonOf(error: unknown, { timeoutMs }: ServiceLimits): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no response within ${timeoutMs / 1000} seconds`;
  // `fetch` reports "fetch failed", and the reason as its cause.
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}

/** Parses the JSON object of a response; `null` if it is something else. */
export function jsonOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
