import { decodeBase64, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { WebhookReceiver } from "../receiver/receiver.ts";
import { type HeaderPairs, readHeaders, type WebhookRequest } from "../request.ts";
import { bodyLimit, type BodyOptions, tooLarge } from "./body.ts";
import { absoluteUrl, type UrlOptions } from "./url.ts";

type Values = Readonly<Record<string, string | undefined>> | null | undefined;
type MultiValues = Readonly<Record<string, readonly string[] | undefined>> | null | undefined;

/** An event of an API Gateway HTTP API or a function URL (payload version 2.0). */
export interface LambdaEventV2 {
  readonly version: string;
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Values;
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly body?: string | null;
  readonly isBase64Encoded: boolean;
}

/** An event of an API Gateway REST API (payload version 1.0) or of an Application Load Balancer. */
export interface LambdaEventV1 {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers?: Values;
  readonly multiValueHeaders?: MultiValues;
  readonly queryStringParameters?: Values;
  readonly multiValueQueryStringParameters?: MultiValues;
  readonly requestContext: object;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
}

/** The answer that all of them understand. */
export interface LambdaResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** A Lambda function. */
export type LambdaHandler = (event: LambdaEventV1 | LambdaEventV2) => Promise<LambdaResult>;

/**
 * Makes a Lambda function of a receiver, for API Gateway (both payload versions), function URLs and load balancers.
 * Lambda freezes a function once it has answered, so `acknowledge: "before"` and a number of milliseconds wait for the
 * handler here: answer early by putting the event on a queue in the handler.
 */
export function lambdaHandler(receiver: WebhookReceiver, options: BodyOptions & UrlOptions = {}): LambdaHandler {
  return async (event) => {
    const request = toRequest(event, options);
    const pending: Promise<unknown>[] = [];
    const reply =
      request instanceof WebhookError
        ? receiver.refuse(request, { method: "POST", url: "", headers: {}, body: new Uint8Array(0) })
        : await receiver.receive(request, { waitUntil: (work) => void pending.push(work) });
    await Promise.allSettled(pending);
    return { statusCode: reply.status, headers: { ...reply.headers }, body: reply.body, isBase64Encoded: false };
  };
}

function toRequest(
  event: LambdaEventV1 | LambdaEventV2,
  options: BodyOptions & UrlOptions,
): WebhookRequest | WebhookError {
  const body = event.isBase64Encoded ? decodeBase64(event.body ?? "") : utf8(event.body ?? "");
  if (body === undefined) return new WebhookError("body_invalid", "The event says its body is Base64, and it is not.");
  const limit = bodyLimit(options);
  if (body.length > limit) return tooLarge(limit);
  const pairs = headerPairs(event);
  const headers = readHeaders(pairs);
  // The gateway or balancer in front writes this header itself; without one it spoke HTTPS.
  const encrypted = headers.get("x-forwarded-proto") !== "http";
  if ("rawPath" in event) {
    const query = event.rawQueryString === "" ? "" : `?${event.rawQueryString}`;
    const url = absoluteUrl(event.rawPath + query, { headers, encrypted }, options);
    return { method: event.requestContext.http.method, url, headers: pairs, body };
  }
  const url = absoluteUrl(pathV1(event), { headers, encrypted }, options);
  return { method: event.httpMethod, url, headers: pairs, body };
}

function headerPairs(event: LambdaEventV1 | LambdaEventV2): HeaderPairs {
  const many = "multiValueHeaders" in event ? event.multiValueHeaders : undefined;
  return pairsOf(event.headers, many);
}

function pathV1(event: LambdaEventV1): string {
  // API Gateway's own path has the stage in it, as the sender called it.
  const { path = event.path, elb }: { readonly path?: string; readonly elb?: unknown } = event.requestContext;
  const pairs = pairsOf(event.queryStringParameters, event.multiValueQueryStringParameters);
  if (pairs.length === 0) return path;
  // A load balancer hands parameters over as they were sent, API Gateway decodes them.
  const encode = elb === undefined ? encodeURIComponent : (text: string) => text;
  return `${path}?${pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&")}`;
}

function pairsOf(single: Values, many: MultiValues): readonly (readonly [string, string])[] {
  if (many !== null && many !== undefined && Object.keys(many).length > 0) {
    return Object.entries(many).flatMap(([name, values]) => (values ?? []).map((value) => [name, value] as const));
  }
  return Object.entries(single ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}
