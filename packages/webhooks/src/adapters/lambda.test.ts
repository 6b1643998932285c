import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2, LambdaFunctionURLEvent } from "aws-lambda";
import { describe, expect, expectTypeOf, it } from "vitest";
import { encodeBase64, utf8 } from "../encoding.ts";
import type { ReceivedEvent } from "../receiver/event.ts";
import { createReceiver, type ReceiverFailure } from "../receiver/receiver.ts";
import { standardWebhooks } from "../receiver/standard-source.ts";
import { sign } from "../standard/sign.ts";
import { type LambdaEventV1, type LambdaEventV2, lambdaHandler } from "./lambda.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY = '{"type":"a.b", "n": 1.0}';

function setUp() {
  const events: ReceivedEvent[] = [];
  const failures: ReceiverFailure[] = [];
  const receiver = createReceiver({
    source: standardWebhooks(SECRET),
    handle: (event) => void events.push(event),
    onError: (failure) => void failures.push(failure),
  });
  return { events, failures, receiver };
}

async function headersOf(body: string | Uint8Array): Promise<Record<string, string>> {
  return { host: "hooks.example.com", "x-forwarded-proto": "https", ...(await sign({ id: "m", body }, SECRET)) };
}

async function v2(body: string, isBase64Encoded = false, signed: string | Uint8Array = body): Promise<LambdaEventV2> {
  return {
    version: "2.0",
    rawPath: "/hooks",
    rawQueryString: "a=1&b=%20x",
    headers: await headersOf(signed),
    requestContext: { http: { method: "POST" } },
    body,
    isBase64Encoded,
  };
}

async function v1(requestContext: object): Promise<LambdaEventV1> {
  const headers = Object.entries(await headersOf(BODY)).map(([name, value]) => [name, [value]] as const);
  return {
    httpMethod: "POST",
    path: "/hooks",
    headers: null,
    multiValueHeaders: Object.fromEntries(headers),
    multiValueQueryStringParameters: { a: ["1", "2"], b: [" x"] },
    requestContext,
    body: BODY,
    isBase64Encoded: false,
  };
}

describe("lambdaHandler", () => {
  it("accepts an HTTP API or function URL event, and returns the URL as it was called", async () => {
    const { events, receiver } = setUp();
    expect(await lambdaHandler(receiver)(await v2(BODY))).toEqual({
      statusCode: 200,
      headers: {},
      body: "",
      isBase64Encoded: false,
    });
    expect(events[0]?.request.url).toBe("https://hooks.example.com/hooks?a=1&b=%20x");
  });

  it("decodes Base64 bodies to the exact bytes", async () => {
    const { events, receiver } = setUp();
    const bytes = Uint8Array.of(0xff, 0, 0xfe);
    expect(await lambdaHandler(receiver)(await v2(encodeBase64(bytes), true, bytes))).toMatchObject({
      statusCode: 200,
    });
    expect(events[0]?.request.body).toEqual(bytes);
  });

  it("rejects a body that is declared as Base64 but is not", async () => {
    const { failures, receiver } = setUp();
    expect(await lambdaHandler(receiver)(await v2("%%%", true))).toMatchObject({ statusCode: 400 });
    expect(failures).toMatchObject([{ error: { code: "body_invalid" } }]);
  });

  it.each([
    [
      "a REST API event: path with the stage, parameters encoded again",
      { path: "/prod/hooks" },
      "/prod/hooks?a=1&a=2&b=%20x",
    ],
    ["a load balancer event: parameters as they came", { elb: { targetGroupArn: "arn" } }, "/hooks?a=1&a=2&b= x"],
  ])("takes %s", async (_, context, url) => {
    const { events, receiver } = setUp();
    expect(await lambdaHandler(receiver)(await v1(context))).toMatchObject({ statusCode: 200 });
    expect(events[0]?.request.url).toBe(`https://hooks.example.com${url}`);
  });

  it("rejects a changed body and a body over the limit", async () => {
    const { receiver } = setUp();
    const changed = await v2(`${BODY} `, false, BODY);
    expect(await lambdaHandler(receiver)(changed)).toMatchObject({ statusCode: 401 });
    expect(await lambdaHandler(receiver, { maxBodyBytes: 3 })(await v2(BODY))).toMatchObject({ statusCode: 413 });
  });

  it("waits for the handler even if the receiver responds first, because Lambda freezes afterwards", async () => {
    let done = false;
    const receiver = createReceiver({
      source: standardWebhooks(SECRET),
      acknowledge: "before",
      handle: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        done = true;
      },
    });
    await lambdaHandler(receiver)(await v2(BODY));
    expect(done).toBe(true);
  });

  it("accepts the events as AWS types them", () => {
    type Accepted = LambdaEventV1 | LambdaEventV2;
    expectTypeOf<APIGatewayProxyEventV2>().toExtend<Accepted>();
    expectTypeOf<LambdaFunctionURLEvent>().toExtend<Accepted>();
    expectTypeOf<APIGatewayProxyEvent>().toExtend<Accepted>();
    expectTypeOf<ALBEvent>().toExtend<Accepted>();
    expect(utf8("")).toHaveLength(0);
  });
});
