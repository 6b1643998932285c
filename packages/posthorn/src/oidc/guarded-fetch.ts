/** `fetch` for the client of identity providers, on the client that checks addresses. */
import type { Egress } from "@posthorn/egress";
import type { CustomFetch, CustomFetchOptions } from "openid-client";
import { USER_AGENT } from "../destinations/http/request.ts";

const TIMEOUT_MS = 10_000;
/** Metadata, keys and tokens have a few kilobytes. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
/** Statuses whose responses have no body, which `Response` insists on. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** The request was not answered. `message` is that of the egress client, and names no address of the network. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** Never follows redirects. Rejects with an {@link UnreachableError} if there is no complete response. */
export function guardedFetch(egress: Pick<Egress, "send">): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    const result = await egress.send({
      method,
      url,
      headers: ["user-agent", USER_AGENT, ...Object.entries(headers).flat()],
      body: bytesOf(body),
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      signal: signal ?? new AbortController().signal,
    });
    if (result.kind === "error") throw new UnreachableError(result.message);
    if (result.truncated) throw new UnreachableError("The response is too large.");
    if (result.bodyError !== undefined) throw new UnreachableError(result.bodyError.message);
    const pairs = Array.from({ length: result.headers.length / 2 }, (_, index): [string, string] => [
      result.headers[2 * index]!,
      result.headers[2 * index + 1]!,
    ]);
    const content = WITHOUT_BODY.has(result.status) ? null : Buffer.from(result.body);
    return new Response(content, { status: result.status, headers: pairs });
  };
}

function bytesOf(body: CustomFetchOptions["body"]): Buffer | null {
  if (body === null || body === undefined) return null;
  if (typeof body === "string" || body instanceof URLSearchParams) return Buffer.from(body.toString());
  if (body instanceof Uint8Array) return Buffer.from(body);
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  throw new TypeError("Requests to identity providers have no streams as bodies.");
}
