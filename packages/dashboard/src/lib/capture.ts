/** Captures: temporary sources that accept any request. */
import type { components } from "../api/schema.ts";

export type Capture = components["schemas"]["IngestSourceOut"];
export type CaptureIn = components["schemas"]["IngestSourceIn"];

const HOUR_MS = 3_600_000;
/** Lifetimes of a capture, in hours. */
export const LIFETIMES = { hour: 1, day: 24, week: 168, month: 720 } as const;
export type Lifetime = keyof typeof LIFETIMES;

export interface CaptureResponse {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly delaySeconds: number;
}

export const DEFAULT_RESPONSE: CaptureResponse = {
  status: 200,
  contentType: "text/plain",
  headers: {},
  body: "ok",
  delaySeconds: 0,
};

export function expiryOf(lifetime: Lifetime, now: number): string {
  return new Date(now + LIFETIMES[lifetime] * HOUR_MS).toISOString();
}

/** Request body of a capture: any sender, any method, no deduplication. */
export function captureInput(name: string, expiresAt: string, response: CaptureResponse): CaptureIn {
  const { status, contentType, headers, body, delaySeconds } = response;
  return {
    name,
    type: "generic-webhook",
    verification: { scheme: "none" },
    allowUnsigned: true,
    methods: ["POST", "PUT", "PATCH", "DELETE", "GET"],
    deduplication: "off",
    expiresAt,
    response: { status, headers: { ...headers, "content-type": contentType }, body, delaySeconds },
  };
}

export function responseOf({ response }: Capture): CaptureResponse {
  if (response === null) return DEFAULT_RESPONSE;
  const { status = 200, headers = {}, body = "", delaySeconds = 0 } = response;
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const contentType = named.find(([name]) => name === "content-type")?.[1] ?? DEFAULT_RESPONSE.contentType;
  return {
    status,
    contentType,
    headers: Object.fromEntries(named.filter(([name]) => name !== "content-type")),
    body,
    delaySeconds,
  };
}

/** Sources with an expiry are captures, including those created through the API. */
export function isCapture({ expiresAt }: Pick<Capture, "expiresAt">): boolean {
  return expiresAt !== null;
}
