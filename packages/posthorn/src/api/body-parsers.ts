/** Reads the bodies of requests, in the forms that their routes accept. */
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type BodyLayout, layoutOf, NDJSON, readBody, splitLines } from "./body.ts";
import { MAX_BATCH_MESSAGES } from "./models/message-batch.ts";
import { readRequest } from "./request-bytes.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route reads NDJSON line by line. */
    readonly takesLines?: boolean;
    /** Whether the route reads forms as well as JSON. */
    readonly takesForms?: boolean;
    /** Whether the route accepts a body in any form, and does not use it. */
    readonly ignoresBody?: boolean;
    readonly bodyLayout?: BodyLayout;
  }
}

const FORM = "application/x-www-form-urlencoded";
const NO_LAYOUT: BodyLayout = layoutOf(undefined);

/** Reads JSON, NDJSON and forms, each at the routes that accept it. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async (request: FastifyRequest, payload: IncomingMessage) => {
    const raw = await readRequest(payload, request.routeOptions.bodyLimit);
    const type = request.headers["content-type"];
    if (type === NDJSON) return splitLines(raw, MAX_BATCH_MESSAGES + 1);
    if (type === FORM) return { raw, value: Object.fromEntries(new URLSearchParams(raw.toString())) };
    return readBody(raw, request.routeOptions.config.bodyLayout ?? NO_LAYOUT);
  });
  // Treat bodies as JSON regardless of their content type: some clients send none, and Fastify rejects a malformed one.
  app.addHook("onRequest", (request, _answer, done) => {
    const { headers } = request.raw;
    const type = headers["content-type"];
    if (type !== undefined) {
      const { takesLines, takesForms, ignoresBody } = request.routeOptions.config;
      const kept = [takesLines === true ? NDJSON : null, takesForms === true ? FORM : null];
      const taken = kept.find((known) => known !== null && type.startsWith(known)) ?? "application/json";
      // Any text can be read as a form.
      headers["content-type"] = ignoresBody === true ? FORM : taken;
    }
    done();
  });
}
