import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clickHouseProblem,
  eventGridProblem,
  eventHubsProblem,
  pubSubProblem,
  type SentRequest,
  serviceBusProblem,
} from "../../../test/support/cloud-contracts.ts";
import { CLOUD_CONFIGS, type CloudKindName, message, NOW, response } from "../../../test/support/cloud-kinds.ts";
import { sharedAccessSignature } from "../auth/azure.ts";
import type { Fields, HttpKind, KindMessage, KindRequest } from "../kind.ts";
import { kindNamed } from "../kinds.ts";
import { CLICK_HOUSE, identifier } from "./click-house.ts";
import { EVENT_GRID } from "./event-grid.ts";
import { GOOGLE_CLOUD_STORAGE } from "./google-cloud-storage.ts";
import { GOOGLE_PUB_SUB } from "./google-pub-sub.ts";
import { SERVICE_BUS } from "./service-bus.ts";
import { AZURE_BLOB } from "./azure-blob.ts";

const CONTRACTS = {
  googlePubSub: pubSubProblem,
  serviceBus: serviceBusProblem,
  eventHubs: eventHubsProblem,
  eventGrid: eventGridProblem,
  clickhouse: clickHouseProblem,
} as const satisfies Partial<Record<CloudKindName, unknown>>;

/** The request as it would be sent, with the credentials that need no other request. */
function sent({ method, url, headers, body, auth }: KindRequest): SentRequest {
  const pairs = headers.flatMap((value, index) =>
    index % 2 === 0 ? [] : [[headers[index - 1]!.toLowerCase(), value] as const],
  );
  const authorization =
    auth?.type === "azure-sas"
      ? sharedAccessSignature(auth, Date.now())
      : auth?.type === "google"
        ? "Bearer token"
        : "";
  const { pathname, search } = new URL(url);
  return {
    method,
    path: pathname + search,
    headers: { ...Object.fromEntries(pairs), authorization },
    body: Buffer.from(body),
  };
}

const texts = fc.string({
  unit: fc.constantFrom("a", "Z", "0", ".", "/", " ", '"', "\\", "`", "é", "😀", "\n", "\u0000"),
  maxLength: 30,
});
const messages = fc.array(
  fc.record({
    id: fc.uuid().map((id) => `msg_${id}`),
    eventType: fc.stringMatching(/^[a-z.]{1,40}$/),
    orderingKey: fc.option(
      texts.filter((key) => key !== ""),
      { nil: null },
    ),
    contentType: fc.constantFrom("application/json", "text/plain", ""),
    body: fc.oneof(
      texts.map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

describe.each(Object.entries(CONTRACTS))("requests of kind %s", (name, problemWith) => {
  it("are as the documentation of the service requires, for one message and for several", () => {
    const kind = kindNamed(name) as HttpKind<Fields>;
    const config = CLOUD_CONFIGS[name as CloudKindName];
    const property = fc.property(messages, (generated) => {
      const list: KindMessage[] = generated.map((change) => message(change));
      const request = kind.request(config, list, NOW);
      // ClickHouse without a column for the encoding accepts only text.
      expect("kind" in request ? name : problemWith(sent(request))).toBe("kind" in request ? "clickhouse" : null);
    });
    expect(fc.check(property)).toMatchObject({ failed: false, counterexample: null });
  });
});

describe("the stubs", () => {
  it("reject the same requests as the services", () => {
    const request = (kind: CloudKindName): SentRequest =>
      sent((kindNamed(kind) as HttpKind<Fields>).request(CLOUD_CONFIGS[kind], [message()], NOW) as KindRequest);
    const changed = (kind: CloudKindName, change: Partial<SentRequest>): SentRequest => ({
      ...request(kind),
      ...change,
    });
    expect(serviceBusProblem(changed("serviceBus", { path: "/events" }))).toBe("path");
    const { headers } = request("serviceBus");
    const tampered = { ...headers, authorization: headers["authorization"]!.replace(/sig=./, "sig=_") };
    expect(serviceBusProblem(changed("serviceBus", { headers: tampered }))).toBe("signature");
    expect(serviceBusProblem(changed("serviceBus", { headers: { ...headers, brokerproperties: "{}" } }))).toBe(
      "missing broker property",
    );
    expect(eventHubsProblem(changed("eventHubs", { path: "/events/messages" }))).toBe("path");
    expect(eventGridProblem(changed("eventGrid", { body: Buffer.from("{}") }))).toMatch(/list/);
    expect(pubSubProblem(changed("googlePubSub", { body: Buffer.from('{"messages":[{"data":"*"}]}') }))).toBe("data");
    expect(clickHouseProblem(changed("clickhouse", { path: "/?query=DROP+TABLE+events" }))).toBe("query");
  });
});

describe("ClickHouse", () => {
  const requestFor = (
    change: Partial<typeof CLOUD_CONFIGS.clickhouse> | Record<string, string>,
    ...list: KindMessage[]
  ): KindRequest => {
    const request = CLICK_HOUSE.request({ ...CLOUD_CONFIGS.clickhouse, ...change }, list, NOW);
    expect(request).not.toHaveProperty("kind");
    return request as KindRequest;
  };

  it.each(["events", "a b", "a`b", "a\\", "`; DROP TABLE x; --", "é", "a\nb", "select"])(
    "has the name %j quoted",
    (tableName) => {
      expect(clickHouseProblem(sent(requestFor({ tableName }, message())))).toBeNull();
      const quoted = identifier(tableName);
      expect(quoted.slice(1, -1).replace(/\\(.)/gs, "$1")).toBe(tableName);
      // A backquote in the name does not end it early.
      expect(quoted.slice(1, -1).replace(/\\./gs, "")).not.toContain("`");
    },
  );

  it("gets a row for each message, and one deduplication token for a batch, the same when it is resent", () => {
    const list = [message({ id: "msg_1" }), message({ id: "msg_2" })];
    const request = requestFor({}, ...list);
    expect(Buffer.from(request.body).toString()).toBe(
      '{"id":"msg_1","event_type":"invoice.paid","created_at":"2026-11-27T12:34:56.789Z","payload":"{\\"amount\\": 1.0}"}\n' +
        '{"id":"msg_2","event_type":"invoice.paid","created_at":"2026-11-27T12:34:56.789Z","payload":"{\\"amount\\": 1.0}"}\n',
    );
    const token = (of: KindRequest): string => new URL(of.url).searchParams.get("insert_deduplication_token")!;
    expect(token(requestFor({}, ...list))).toBe(token(request));
    expect(token(requestFor({}, list[0]!))).toBe("msg_1");
  });

  it("gets the members of the payload as columns on request", () => {
    const request = requestFor({ row: "payload" }, message({ text: '{\n"a": 1.0}' }));
    expect(Buffer.from(request.body).toString()).toBe('{ "a": 1.0}\n');
    expect(new URL(request.url).searchParams.get("query")).toBe("INSERT INTO `events` FORMAT JSONEachRow");
    const list = CLICK_HOUSE.request({ ...CLOUD_CONFIGS.clickhouse, row: "payload" }, [message({ text: "[1]" })], NOW);
    expect(list).toMatchObject({ kind: "refused", code: "message_invalid" });
  });

  it("gets bytes in base64 only if a column says so", () => {
    const bytes = message({ body: Buffer.from([0xff, 0x00]) });
    expect(CLICK_HOUSE.request(CLOUD_CONFIGS.clickhouse, [bytes], NOW)).toMatchObject({ code: "message_invalid" });
    const request = requestFor({ columns: "payload=p, payloadEncoding=e" }, bytes);
    expect(JSON.parse(Buffer.from(request.body).toString())).toEqual({ p: "/wA=", e: "base64" });
  });

  it.each([
    ["id", /"id" is not a part/],
    ["x=y", /"x=y" is not a part/],
    ["id=a, id=b", /id occurs twice/],
    ["id=a, payload=a", /column occurs twice/],
    ["", /is not a part/],
  ])("cannot have columns like %j", (columns, problem) => {
    expect(CLICK_HOUSE.check!({ ...CLOUD_CONFIGS.clickhouse, columns })).toMatchObject({
      field: "columns",
      problem: expect.stringMatching(problem) as string,
    });
  });

  it.each([
    [516, 403, "closed", "credentials_refused"],
    [497, 403, "closed", "credentials_refused"],
    [60, 404, "closed", "target_not_found"],
    [16, 404, "closed", "target_not_found"],
    [27, 400, "refused", "message_invalid"],
    [252, 500, "later", "rate_limited"],
    [241, 500, "later", "rate_limited"],
    [242, 500, "retry", "target_unavailable"],
    [319, 500, "retry", "target_unavailable"],
    // After the headers were sent, an error is only in the body.
    [159, 200, "retry", "target_unavailable"],
    [99_999, 200, "retry", "target_unavailable"],
  ] as const)("reports error %i with HTTP %i as %s and %s", (code, status, kind, error) => {
    const text = `Code: ${code}. DB::Exception: Said by ClickHouse. (VERSION)`;
    const [result] = CLICK_HOUSE.classify(response(status, text), [message()], NOW);
    expect(result).toMatchObject({
      kind,
      code: error,
      sentence: expect.stringContaining("Said by ClickHouse") as string,
    });
  });
});

describe("Pub/Sub and Cloud Storage", () => {
  it.each([
    [401, "UNAUTHENTICATED", "closed", "credentials_refused"],
    [403, "PERMISSION_DENIED", "closed", "credentials_refused"],
    [404, "NOT_FOUND", "closed", "target_not_found"],
    [400, "FAILED_PRECONDITION", "closed", "target_not_found"],
    [400, "INVALID_ARGUMENT", "refused", "message_invalid"],
    [429, "RESOURCE_EXHAUSTED", "later", "rate_limited"],
    [503, "UNAVAILABLE", "retry", "target_unavailable"],
    [504, "DEADLINE_EXCEEDED", "retry", "target_unavailable"],
    [409, "ABORTED", "retry", "target_unavailable"],
  ] as const)("report %i %s as %s and %s", (status, code, kind, error) => {
    const body = { error: { code: status, status: code, message: "Said by Google." } };
    for (const declaration of [GOOGLE_PUB_SUB, GOOGLE_CLOUD_STORAGE]) {
      expect(declaration.classify(response(status, body), [message()], NOW)[0]).toMatchObject({ kind, code: error });
    }
  });

  it("return a name for each message of a batch; a response with another number of names counts as a failure", () => {
    const two = [message(), message()];
    expect(GOOGLE_PUB_SUB.classify(response(200, { messageIds: ["1", "2"] }), two, NOW)).toEqual([
      { kind: "ok", reference: "1" },
      { kind: "ok", reference: "2" },
    ]);
    expect(GOOGLE_PUB_SUB.classify(response(200, { messageIds: ["1"] }), two, NOW)).toMatchObject([
      { code: "protocol_error" },
      { code: "protocol_error" },
    ]);
  });

  it("create an object only if it does not exist", () => {
    const request = GOOGLE_CLOUD_STORAGE.request(CLOUD_CONFIGS.googleCloudStorage, [message()], NOW) as KindRequest;
    expect(request.url).toBe(
      "https://storage.googleapis.com/upload/storage/v1/b/acme-archive/o?uploadType=media&name=2026%2F11%2F27%2F12%2Fmsg_2abc.jsonl&ifGenerationMatch=0",
    );
  });
});

describe("Azure", () => {
  it.each([
    [
      403,
      "<Error><Code>403</Code><Detail>QuotaExceeded: The maximum entity size has been reached</Detail></Error>",
      "later",
      "rate_limited",
    ],
    [
      403,
      "<Error><Code>403</Code><Detail>The size of the message exceeded the maximum</Detail></Error>",
      "refused",
      "message_too_large",
    ],
    [
      401,
      "<Error><Code>401</Code><Detail>ExpiredToken: The token is expired.</Detail></Error>",
      "closed",
      "credentials_refused",
    ],
    [410, "<Error><Code>410</Code><Detail>Gone</Detail></Error>", "closed", "target_not_found"],
    [503, "<Error><Code>503</Code><Detail>ServerBusy</Detail></Error>", "later", "rate_limited"],
    [500, "", "retry", "target_unavailable"],
  ] as const)("Service Bus: %i is distinguished by its text: %s", (status, body, kind, code) => {
    expect(SERVICE_BUS.classify(response(status, body), [message()], NOW)[0]).toMatchObject({ kind, code });
  });

  it.each([
    [409, "BlobAlreadyExists", { kind: "ok", isDuplicate: true }],
    [409, "ContainerBeingDeleted", { kind: "closed", code: "target_not_found" }],
    [404, "ContainerNotFound", { kind: "closed", code: "target_not_found" }],
    [403, "AuthenticationFailed", { kind: "closed", code: "credentials_refused" }],
    [403, "KeyBasedAuthenticationNotPermitted", { kind: "closed", code: "credentials_refused" }],
    [503, "ServerBusy", { kind: "later", code: "rate_limited" }],
    [500, "InternalError", { kind: "retry", code: "target_unavailable" }],
    [413, "RequestBodyTooLarge", { kind: "refused", code: "message_too_large" }],
  ])("Blob Storage: %i %s is %j", (status, code, expected) => {
    const headers = { "x-ms-error-code": code };
    expect(AZURE_BLOB.classify(response(status, "", headers), [message()], NOW)[0]).toMatchObject(expected);
  });

  it("Event Grid gets JSON, text and bytes as CloudEvents specifies", () => {
    const list = [
      message(),
      message({ text: "plain", contentType: "text/plain" }),
      message({ body: Buffer.from([0xff]), contentType: "" }),
    ];
    const { body } = EVENT_GRID.request(CLOUD_CONFIGS.eventGrid, list, NOW) as KindRequest;
    expect(Buffer.from(body).toString()).toContain('"data":{"amount": 1.0}}');
    expect(JSON.parse(Buffer.from(body).toString())).toMatchObject([
      {
        specversion: "1.0",
        id: "msg_2abc",
        source: "/posthorn",
        type: "invoice.paid",
        datacontenttype: "application/json",
      },
      { datacontenttype: "text/plain", data: "plain" },
      { datacontenttype: "application/octet-stream", data_base64: "/w==" },
    ]);
  });
});
