/** Begins a response of server-sent events. */
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";

/**
 * Takes the response over from Fastify and sends its headers. Call it when the caller has been authorised.
 *
 * @returns `null`: the client has disconnected. No later event would report that, and the stream would count towards limits forever.
 */
export function openEventStream(reply: FastifyReply): ServerResponse | null {
  reply.hijack();
  const response = reply.raw;
  if (response.closed) return null;
  // Those that were set before, such as those of CORS.
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) response.setHeader(name, value);
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    // Keeps proxies from buffering the stream.
    "x-accel-buffering": "no",
  });
  return response;
}
