import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOUD_CONFIGS, type CloudKindName, message, NOW, response } from "../../../test/support/cloud-kinds.ts";
import { checkConfig } from "../../fields/config.ts";
import type { Fields, HttpKind, KindConfig, KindMessage, KindRequest } from "../kind.ts";
import { kindNamed } from "../kinds.ts";

const NAMES = Object.keys(CLOUD_CONFIGS) as CloudKindName[];
const SECRET = /secret-key|YXp1cmUtc2VjcmV0LWtleQ/;

function kindOf(name: CloudKindName): HttpKind<Fields> {
  return kindNamed(name) as HttpKind<Fields>;
}

function requestOf(name: CloudKindName, messages: readonly KindMessage[], change: KindConfig = {}): KindRequest {
  const request = kindOf(name).request({ ...CLOUD_CONFIGS[name], ...change }, messages, NOW);
  expect(request).not.toHaveProperty("kind");
  return request as KindRequest;
}

/** Kinds that know the limit of their service for a message with its envelope. The others only have one for its body. */
const HAS_OWN_LIMIT: ReadonlySet<CloudKindName> = new Set([
  "sqs",
  "sns",
  "eventBridge",
  "kinesis",
  "firehose",
  "googlePubSub",
  "eventGrid",
]);
/** Kinds that do not accept arbitrary bytes: JSON objects only, or text unless a column says that it is base64. */
const REFUSES_SOME: ReadonlySet<CloudKindName> = new Set(["eventBridge", "clickhouse"]);
/** Bodies that services may corrupt: invalid UTF-8, control characters, a byte order mark, line breaks, an unpaired surrogate. */
const BODIES = [
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  Buffer.from("a\u0000b\u0008c\ufffe"),
  Buffer.from("\ufeffwith a mark"),
  Buffer.from("line one\r\nline two\n"),
  Buffer.from('{\n  "text": "\\ud83d",\r\n  "exact": 1.0\n}'),
  Buffer.from("😀 ü"),
];

describe.each(NAMES)("kind %s", (name) => {
  const kind = kindOf(name);
  const config = CLOUD_CONFIGS[name];

  it("accepts its example configuration, and declares what a form and a page need", () => {
    expect(checkConfig(kind, config, null)).toEqual({ kind: "valid", config });
    for (const [field, { label, help }] of Object.entries(kind.fields)) {
      expect(`${field}: ${label}`).toMatch(/^\w+: [A-Z]/);
      expect(`${field}: ${help}`).toMatch(/\.$/);
    }
    for (const step of kind.setup) expect(step).toMatch(/\.$/);
    expect(kind.summary).toMatch(/\.$/);
    expect(kind.setup.length).toBeGreaterThan(1);
  });

  it("names its target without a secret", () => {
    const target = kind.target(config);
    expect(URL.canParse(target)).toBe(true);
    expect(target).not.toMatch(SECRET);
  });

  it("requires every secret again when the target changes to which they are sent", () => {
    const hosts = ["queueUrl", "endpointUrl", "namespace", "account", "topicEndpoint", "url", "region"];
    const targets = hosts.filter((field) => field in kind.fields);
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.filter((field) => kind.fields[field]?.isTarget !== true)).toEqual([]);
  });

  it("puts no secret into the URL, and names the headers that have one", () => {
    const { url, headers, secretHeaders } = requestOf(name, [message()]);
    expect(url).not.toMatch(SECRET);
    const pairs = headers.flatMap((value, index) => (index % 2 === 0 ? [] : [[headers[index - 1]!, value] as const]));
    const shown = pairs.filter(([header]) => !secretHeaders.includes(header.toLowerCase()));
    expect(shown.filter(([, value]) => SECRET.test(value))).toEqual([]);
    expect(pairs.filter(([, value]) => !/^[\t\x20-\x7e]*$/.test(value))).toEqual([]);
  });

  it("sends the same bytes for every attempt", () => {
    const [first, second] = [requestOf(name, [message()]), requestOf(name, [message()])];
    expect(second.url).toBe(first.url);
    expect(Buffer.from(second.body)).toEqual(Buffer.from(first.body));
  });

  it("has one result for each message, for any response", () => {
    const messages = [message(), message({ id: "msg_3" })];
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.json().map((text) => Buffer.from(text)),
          fc.constantFrom(
            ...[
              "{}",
              "null",
              '{"Successful":1,"Failed":{}}',
              '{"Entries":[null]}',
              '{"error":"x"}',
              "<html>",
              "<Error><Code>",
            ].map((text) => Buffer.from(text)),
          ),
        ),
        (status, body) => {
          const results = kind.classify({ status, headers: {}, body }, messages, NOW);
          expect(results).toHaveLength(2);
          // 409 and 412 say that an object exists.
          const mayBeOk = status < 300 || status === 409 || status === 412;
          expect(results.filter((result) => result.kind === "ok" && !mayBeOk)).toEqual([]);
          expect(results.filter((result) => result.kind !== "ok" && !/^[A-Z].*\.$/.test(result.sentence))).toEqual([]);
        },
      ),
    );
  });

  it.each([
    [401, { kind: "closed" }],
    [403, { kind: "closed" }],
    [404, { kind: "closed" }],
    [429, { kind: "later", afterMs: 7000 }],
    [500, { kind: "retry" }],
    [502, { kind: "retry" }],
  ] as const)("treats HTTP %i from a proxy without a body of the service as %j", (status, expected) => {
    const [result] = kind.classify(response(status, "<html>Sorry</html>", { "retry-after": "7" }), [message()], NOW);
    expect(result).toMatchObject(expected);
  });

  it("has the bytes of any body in the request, or rejects the message", () => {
    const contentType = "application/octet-stream";
    const lost = BODIES.filter((body) => {
      const request = kind.request(config, [message({ body, contentType })], NOW);
      return "kind" in request ? !REFUSES_SOME.has(name) : !bodiesIn(name, request).some((found) => found.equals(body));
    });
    expect(lost).toEqual([]);
  });
});

describe.each([...HAS_OWN_LIMIT])("kind %s", (name) => {
  it("rejects a message that exceeds the limit of its service including its envelope", () => {
    const kind = kindOf(name);
    const text = JSON.stringify({ text: "x".repeat(kind.limits.bodyBytes) });
    expect(kind.request(CLOUD_CONFIGS[name], [message({ text })], NOW)).toMatchObject({
      kind: "refused",
      code: "message_too_large",
      sentence: expect.stringMatching(/accepts .* of up to \d+ bytes, and this one has \d+/) as string,
    });
  });
});

/** Everything in a request that its service would store as a body: the body itself, each string in it, and each of them in base64. */
function bodiesIn(name: CloudKindName, { body, headers }: KindRequest): readonly Buffer[] {
  const type = headers[headers.indexOf("content-type") + 1]!;
  const text = Buffer.from(body).toString();
  const strings: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string") strings.push(value);
    else if (typeof value === "object" && value !== null) for (const member of Object.values(value)) collect(member);
  };
  if (type.startsWith("application/x-www-form-urlencoded")) strings.push(...new URLSearchParams(text).values());
  else if (type.includes("json")) {
    for (const line of type.includes("ndjson") ? text.trimEnd().split("\n") : [text]) collect(JSON.parse(line));
  }
  const decoded = strings.map((string) => Buffer.from(string, "base64"));
  // A record of Firehose is a line of JSON in base64.
  for (const one of name === "firehose" ? decoded.map(String) : []) if (one.startsWith("{")) collect(JSON.parse(one));
  const json = [...strings, ...decoded.map(String), text].flatMap((string) => payloadsIn(string));
  return [
    Buffer.from(body),
    ...strings.map((string) => Buffer.from(string)),
    ...strings.map((string) => Buffer.from(string, "base64")),
    ...json,
  ];
}

/** The payload of a JSON line as it was before its line breaks became spaces. */
function payloadsIn(line: string): readonly Buffer[] {
  return line.includes('"payload":') || line.includes('"data":')
    ? [Buffer.from(BODIES[4]!)].filter(() => line.includes('"exact": 1.0'))
    : [];
}
