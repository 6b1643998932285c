import { decodeBase64, utf8 } from "../encoding.ts";
import { WebhookError } from "../errors.ts";
import type { WebhookReceiver } from "../receiver/receiver.ts";
import { type HeaderPairs, readHeaders, type WebhookRequest } from "../request.ts";
import { bodyLimit, type BodyOptions, tooLarge } from "./body.ts";
import { absoluteUrl, type UrlOptions } from "./url.ts";

type Values = Readonly<Record<string, string | undefined>> | null | undefined;
type MultiValues = Readonly<Record<string, readonly string[] | undefined>> | null | undefined;

/** Event of an API Gateway HTTP API or a function URL (payload format 2.0). */
export interface LambdaEventV2 {
  /** Version of the payload format: `2.0`. */
  readonly version: string;
  /** Path as the sender called it. */
  readonly rawPath: string;
  /** Query without the question mark; `""` for none. */
  readonly rawQueryString: string;
  /** Headers; repeated ones are joined by commas. */
  readonly headers: Values;
  /** Holds the HTTP method. */
  readonly requestContext: { readonly http: { readonly method: string } };
  /** Body as text, or as Base64 when `isBase64Encoded` is set. */
  readonly body?: string | null;
  /** Whether `body` is Base64. */
  readonly isBase64Encoded: boolean;
}

/** Event of an API Gateway REST API (payload format 1.0) or of an Application Load Balancer. */
export interface LambdaEventV1 {
  /** HTTP method. */
  readonly httpMethod: string;
  /** Path without the stage. */
  readonly path: string;
  /** Last value of each header. */
  readonly headers?: Values;
  /** All values of each header. */
  readonly multiValueHeaders?: MultiValues;
  /** Last value of each query parameter. */
  readonly queryStringParameters?: Values;
  /** All values of each query parameter. */
  readonly multiValueQueryStringParameters?: MultiValues;
  /** Holds the path with the stage (API Gateway) or marks a load balancer (`elb`). */
  readonly requestContext: object;
  /** Body as text, or as Base64 when `isBase64Encoded` is set. */
  readonly body: string | null;
  /** Whether `body` is Base64. */
  readonly isBase64Encoded: boolean;
}

/** Response in the form that API Gateway, function URLs and load balancers accept. */
export interface LambdaResult {
  /** HTTP status code. */
  readonly statusCode: number;
  /** Response headers. */
  readonly headers: Record<string, string>;
  /** Response body as text. */
  readonly body: string;
  /** Always false. */
  readonly isBase64Encoded: false;
}

/** A Lambda function handler. */
export type LambdaHandler = (event: LambdaEventV1 | LambdaEventV2) => Promise<LambdaResult>;

/**
 * Creates an AWS Lambda handler for a receiver, for API Gateway (both payload formats), function URLs and load
 * balancers.
 *
 * Lambda freezes a function once it has responded, so `acknowledge: "before"` and numeric values wait for the handler
 * here. To respond early, put the event on a queue in the handler.
 *
 * @param receiver Receiver from `createReceiver`.
 * @param options Body limit and public URL.
 * @returns A function to export as `handler`.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 *
 * @example
 *
 * ```ts
 * import { lambdaHandler } from "@posthorn/webhooks/lambda";
 * import { createReceiver, standardWebhooks } from "@posthorn/webhooks/receiver";
 *
 * const receiver = createReceiver({
 *   source: standardWebhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
 *   handle: ({ type }) => console.log(type),
 * });
 * export const handler = lambdaHandler(receiver);
 * ```
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
  if (body === undefined)
    return new WebhookError("body_invalid", "The event declares its body to be Base64, but it is not.");
  const limit = bodyLimit(options);
  if (body.length > limit) return tooLarge(limit);
  const pairs = headerPairs(event);
  const headers = readHeaders(pairs);
  // The gateway or load balancer sets this header itself. A request without it came over HTTPS.
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
  // The path in API Gateway's request context includes the stage, as in the URL that the sender called.
  const { path = event.path, elb }: { readonly path?: string; readonly elb?: unknown } = event.requestContext;
  const pairs = pairsOf(event.queryStringParameters, event.multiValueQueryStringParameters);
  if (pairs.length === 0) return path;
  // A load balancer passes parameters on as they were sent; API Gateway decodes them.
  const encode = elb === undefined ? encodeURIComponent : (text: string) => text;
  return `${path}?${pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&")}`;
}

function pairsOf(single: Values, many: MultiValues): readonly (readonly [string, string])[] {
  if (many !== null && many !== undefined && Object.keys(many).length > 0) {
    return Object.entries(many).flatMap(([name, values]) => (values ?? []).map((value) => [name, value] as const));
  }
  return Object.entries(single ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}
