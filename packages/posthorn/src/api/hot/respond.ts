/** Writes responses of the hot routes. */
import type { ServerResponse } from "node:http";
import { INERT } from "../inert.ts";
import type { Reply } from "../reply.ts";

/** Writes a response, unless a host program has already written one. `close`: closes the connection afterwards. */
export type Responder = (response: ServerResponse, reply: Reply, close: boolean) => void;

const FINAL_HEADERS = Object.entries(INERT).flat();
const TYPE_HEADERS = ["content-type", "application/json"];

/**
 * @param first Names and values of the first headers, in turn.
 * @param retryAfter Returns the seconds for `Retry-After` while the server cannot process requests.
 */
export function responder(first: readonly string[], retryAfter: () => number): Responder {
  const ordinary = [...first, ...FINAL_HEADERS, ...TYPE_HEADERS];
  return (response, { status, json }, close) => {
    // For example because a timeout of the host program has ended it.
    if (response.headersSent) return;
    const text = json ?? "";
    const length = Buffer.byteLength(text);
    const headers = close || status === 429 || status === 503 ? headersOf(first, status, close, retryAfter) : ordinary;
    response.writeHead(status, [...headers, "content-length", `${length}`]);
    // As text, which Node writes to the socket together with the head. A buffer would be a second write.
    response.end(text, length === text.length ? "latin1" : "utf8");
  };
}

function headersOf(first: readonly string[], status: number, close: boolean, retryAfter: () => number): string[] {
  const wait = status === 429 ? 5 : status === 503 ? retryAfter() : null;
  return [
    ...first,
    ...(close ? ["connection", "close"] : []),
    ...FINAL_HEADERS,
    ...(wait === null ? [] : ["retry-after", `${wait}`]),
    ...TYPE_HEADERS,
  ];
}
