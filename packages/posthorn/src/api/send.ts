/** Sends responses of the API, with the headers that all of them have. */
import { INERT } from "./inert.ts";
import { inAcceptedFormat } from "./problem.ts";
import { type Reply, reply } from "./reply.ts";
import { errorCodeOf } from "./request-log/error-code.ts";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Error codes of responses, until they are logged. */
const errorCodes = new WeakMap<FastifyReply, string>();

/** Decorator that returns the seconds for `Retry-After`. */
export const RETRY_AFTER = "retryAfterSeconds";

/** Sends a response in the form that the client asks for. */
export function send(response: FastifyReply, answer: Reply): FastifyReply {
  const { status } = answer;
  void response.code(status).headers(INERT);
  if (status >= 400) errorCodes.set(response, errorCodeOf(answer)!);
  // Temporary causes of a 429 end within seconds.
  if (status === 429) void response.header("retry-after", "5");
  if (status === 503) void response.header("retry-after", response.server.getDecorator<() => number>(RETRY_AFTER)());
  const { text, type } = inAcceptedFormat(answer, response.request.headers.accept);
  if (text === null) return response.send();
  // Sent as bytes because Fastify adds a charset to strings, which JSON does not define (RFC 8259, section 11).
  return response.header("content-type", type).send(Buffer.from(text));
}

/** The error code that a response was sent with; `null`: it has none. */
export function errorCodeSent(response: FastifyReply): string | null {
  return errorCodes.get(response) ?? null;
}

/** Response to a request for a path or a method that does not exist. */
export function noSuchRoute({ method, url }: FastifyRequest): Reply {
  const path = url.split("?")[0]!;
  const code = /^\/+(api|ingest)\//.test(path) ? "not_supported" : "not_found";
  return reply(404, {
    code,
    detail: `This server has no operation ${method} ${path}. GET /api/v1/openapi.json lists its operations.`,
  });
}
