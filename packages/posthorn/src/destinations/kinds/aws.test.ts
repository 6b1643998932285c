import { describe, expect, it } from "vitest";
import { CLOUD_CONFIGS, message, NOW, response } from "../../../test/support/cloud-kinds.ts";
import { keptBody, withoutPayloadAt, withPayload } from "../../domain/attempt/sent-body.ts";
import type { KindRequest } from "../kind.ts";
import { type AwsConfig, awsAuth, awsUrl } from "./aws.ts";
import { EVENT_BRIDGE } from "./event-bridge.ts";
import { FIREHOSE } from "./firehose.ts";
import { KINESIS } from "./kinesis.ts";
import { S3 } from "./s3.ts";
import { SNS } from "./sns.ts";
import { SQS } from "./sqs.ts";

const FIFO = { ...CLOUD_CONFIGS.sqs, queueUrl: "https://sqs.eu-central-1.amazonaws.com/123456789012/events.fifo" };

describe("addresses and credentials of AWS", () => {
  const base: AwsConfig = { ...CLOUD_CONFIGS.kinesis };

  it.each([
    ["eu-central-1", "https://kinesis.eu-central-1.amazonaws.com", "https://sts.eu-central-1.amazonaws.com/"],
    ["cn-north-1", "https://kinesis.cn-north-1.amazonaws.com.cn", "https://sts.cn-north-1.amazonaws.com.cn/"],
    ["us-gov-west-1", "https://kinesis.us-gov-west-1.amazonaws.com", "https://sts.us-gov-west-1.amazonaws.com/"],
    ["eusc-de-east-1", "https://kinesis.eusc-de-east-1.amazonaws.eu", "https://sts.eusc-de-east-1.amazonaws.eu/"],
  ])("follow the region %s, and so does the service that issues credentials for roles", (region, url, stsUrl) => {
    const config = { ...base, region, roleArn: "arn:aws:iam::1:role/r", externalId: "x" };
    expect(awsUrl(config, "kinesis")).toBe(url);
    expect(awsAuth(config, "kinesis")).toMatchObject({ region, role: { externalId: "x", stsUrl } });
  });

  it.each([
    ["http://127.0.0.1:5000", "http://127.0.0.1:5000/"],
    ["https://minio.example.com/", "https://minio.example.com/"],
    ["https://vpce-1-2.kinesis.eu-central-1.vpce.amazonaws.com", "https://sts.eu-central-1.amazonaws.com/"],
  ])("issue credentials at %s only if it is not AWS itself", (endpointUrl, stsUrl) => {
    const config = { ...base, endpointUrl, roleArn: "arn:aws:iam::1:role/r" };
    expect(awsAuth(config, "kinesis").role).toMatchObject({ stsUrl });
  });

  it("are rejected if the target names another region", () => {
    expect(SQS.check!({ ...CLOUD_CONFIGS.sqs, region: "eu-west-1" })).toMatchObject({ field: "region" });
    expect(SNS.check!({ ...CLOUD_CONFIGS.sns, region: "eu-west-1" })).toMatchObject({ field: "region" });
    const eventBusName = "arn:aws:events:us-east-1:123456789012:event-bus/b";
    expect(EVENT_BRIDGE.check!({ ...CLOUD_CONFIGS.eventBridge, eventBusName })).toMatchObject({ field: "region" });
    expect(SQS.check!({ ...CLOUD_CONFIGS.sqs, queueUrl: "https://sqs.eu-central-1.amazonaws.com/" })).toMatchObject({
      field: "queueUrl",
    });
  });
});

/** Errors as the services document them, with the status that comes with them. */
const ERRORS = [
  ["AccessDenied", 403, "closed", "credentials_refused"],
  ["AccessDeniedException", 400, "closed", "credentials_refused"],
  ["UnrecognizedClientException", 403, "closed", "credentials_refused"],
  ["InvalidClientTokenId", 403, "closed", "credentials_refused"],
  ["SignatureDoesNotMatch", 403, "closed", "credentials_refused"],
  ["InvalidSignatureException", 403, "closed", "credentials_refused"],
  ["ExpiredTokenException", 403, "closed", "credentials_refused"],
  ["KmsAccessDenied", 400, "closed", "credentials_refused"],
  ["KMSDisabledException", 400, "closed", "credentials_refused"],
  ["com.amazonaws.sqs#QueueDoesNotExist", 400, "closed", "target_not_found"],
  ["AWS.SimpleQueueService.NonExistentQueue", 400, "closed", "target_not_found"],
  ["ResourceNotFoundException", 400, "closed", "target_not_found"],
  ["NotFound", 404, "closed", "target_not_found"],
  ["InvalidAddress", 404, "closed", "target_not_found"],
  ["RequestThrottled", 400, "later", "rate_limited"],
  ["ThrottlingException", 400, "later", "rate_limited"],
  ["ProvisionedThroughputExceededException", 400, "later", "rate_limited"],
  ["KmsThrottled", 400, "later", "rate_limited"],
  ["LimitExceededException", 400, "later", "rate_limited"],
  ["OverLimit", 403, "later", "rate_limited"],
  ["InternalFailure", 500, "retry", "target_unavailable"],
  ["ServiceUnavailableException", 503, "retry", "target_unavailable"],
  ["InternalException", 500, "retry", "target_unavailable"],
  ["RequestTimeTooSkewed", 403, "retry", "target_unavailable"],
  ["BatchRequestTooLong", 400, "refused", "message_too_large"],
  ["InvalidMessageContents", 400, "refused", "message_invalid"],
  ["ValidationException", 400, "refused", "message_invalid"],
  ["InvalidParameterValue", 400, "refused", "message_invalid"],
  ["SomethingNew", 400, "refused", "message_invalid"],
  ["SomethingNew", 500, "retry", "target_unavailable"],
] as const;

describe("errors of AWS", () => {
  it.each(ERRORS)("%s with HTTP %i is %s as %s, in JSON and in XML", (code, status, kind, error) => {
    const text = "What happened.";
    const json = response(status, { __type: code, message: text });
    const xml = response(
      status,
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code.replace(/^.*#/, "")}</Code><Message>${text}</Message></Error></ErrorResponse>`,
    );
    for (const [declaration, answer] of [
      [SQS, json],
      [KINESIS, json],
      [SNS, xml],
      [S3, xml],
    ] as const) {
      const [result] = declaration.classify(answer, [message()], NOW);
      expect(result).toMatchObject({ kind, code: error });
      expect(result).toMatchObject({ sentence: expect.stringContaining("(What happened).") as string });
    }
  });

  it("say that a parameter is too long as a message that is too large", () => {
    const [result] = SQS.classify(
      response(400, {
        __type: "InvalidParameterValue",
        message: "One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.",
      }),
      [message()],
      NOW,
    );
    expect(result).toMatchObject({ kind: "refused", code: "message_too_large" });
  });
});

describe("SQS", () => {
  it("gets each message with its attributes, in one batch", () => {
    const request = SQS.request(
      CLOUD_CONFIGS.sqs,
      [message(), message({ id: "msg_3", text: "plain" })],
      NOW,
    ) as KindRequest;
    expect(request).toMatchObject({ method: "POST", url: "https://sqs.eu-central-1.amazonaws.com/" });
    expect(request.headers).toEqual([
      "content-type",
      "application/x-amz-json-1.0",
      "x-amz-target",
      "AmazonSQS.SendMessageBatch",
    ]);
    const body = bodyOf(request);
    expect(body).toMatchObject({
      QueueUrl: CLOUD_CONFIGS.sqs.queueUrl,
      Entries: [
        { Id: "0", MessageBody: '{"amount": 1.0}' },
        { Id: "1", MessageBody: "plain" },
      ],
    });
    expect(body["Entries"]).toMatchObject([
      {
        MessageAttributes: {
          "webhook-id": { DataType: "String", StringValue: "msg_2abc" },
          "event-type": { StringValue: "invoice.paid" },
        },
      },
      {},
    ]);
    expect(JSON.stringify(body)).not.toContain("Deduplication");
  });

  it("gets the ID for deduplication and the ordering key as group if the queue is FIFO", () => {
    const request = SQS.request(
      FIFO,
      [message({ orderingKey: "käufer 7" }), message({ id: "msg_3" })],
      NOW,
    ) as KindRequest;
    expect(bodyOf(request)).toMatchObject({
      Entries: [
        { MessageDeduplicationId: "msg_2abc", MessageGroupId: "k_ufer_7" },
        { MessageDeduplicationId: "msg_3", MessageGroupId: "msg_3" },
      ],
    });
  });

  it.each([
    ["bytes that are not UTF-8", Buffer.from([0xff, 0x00])],
    ["a control character, which SQS would replace", Buffer.from("a\u0001b")],
    ["a noncharacter", Buffer.from("a\uffffb")],
  ])("gets %s in base64, and an attribute that says so", (_, body) => {
    const [entry] = bodyOf(SQS.request(CLOUD_CONFIGS.sqs, [message({ body })], NOW) as KindRequest)["Entries"] as [
      Record<string, unknown>,
    ];
    expect(Buffer.from(entry["MessageBody"] as string, "base64")).toEqual(body);
    expect(entry["MessageAttributes"]).toMatchObject({ "content-encoding": { StringValue: "base64" } });
  });

  it.each([
    ["JSON", JSON.stringify({ text: 'ü€😀 "\\\n\u2028', long: "x".repeat(300) })],
    ["text", "plain ".repeat(100)],
    ["bytes that are not text", Buffer.alloc(400, 0xff)],
  ])("reports where %s is in the request, so that attempts are stored without it", (_, content) => {
    const body = Buffer.from(content);
    const request = SQS.request(FIFO, [message({ body })], NOW) as KindRequest;
    const { text, payload } = request.written!;
    expect(request.body).toEqual(Buffer.from(text));
    const stored = withoutPayloadAt(request.body, text, payload, body);
    expect(stored.text).not.toContain(text.slice(payload.at, payload.at + payload.length));
    expect(withPayload(stored, body)).toEqual(keptBody(request.body));
  });

  it("gets each attribute once if two names become the same", () => {
    const attributes = [["x tenant", "1"] as const, ["x_tenant", "2"] as const];
    const request = SQS.request(CLOUD_CONFIGS.sqs, [message({ attributes })], NOW) as KindRequest;
    expect(request.written!.text.split('"x_tenant"')).toHaveLength(2);
    expect(bodyOf(request)).toMatchObject({
      Entries: [{ MessageAttributes: { x_tenant: { StringValue: "2" } } }],
    });
  });

  it("is not sent an empty message, more attributes or more bytes than it accepts", () => {
    const many = Array.from({ length: 9 }, (_, index) => [`x-${index}`, "v"] as const);
    expect(SQS.request(CLOUD_CONFIGS.sqs, [message({ body: Buffer.alloc(0) })], NOW)).toMatchObject({
      code: "message_invalid",
    });
    expect(SQS.request(CLOUD_CONFIGS.sqs, [message({ attributes: many })], NOW)).toMatchObject({
      code: "message_invalid",
    });
    // In base64 it is larger than the limit, and with its attributes.
    const body = Buffer.alloc(800_000, 0xff);
    expect(SQS.request(CLOUD_CONFIGS.sqs, [message({ body })], NOW)).toMatchObject({ code: "message_too_large" });
    const exact = Buffer.alloc(1_048_576, "a");
    expect(SQS.request(CLOUD_CONFIGS.sqs, [message({ body: exact })], NOW)).toMatchObject({
      code: "message_too_large",
    });
  });

  it("gives each message of a batch its own result", () => {
    const answer = response(200, {
      Successful: [{ Id: "0", MessageId: "aws-0" }],
      Failed: [
        { Id: "1", Code: "InternalError", SenderFault: false, Message: "Try again." },
        { Id: "2", Code: "InvalidMessageContents", SenderFault: true, Message: "" },
      ],
    });
    const messages = ["a", "b", "c", "d"].map((id) => message({ id }));
    expect(SQS.classify(answer, messages, NOW)).toMatchObject([
      { kind: "ok", reference: "aws-0" },
      { kind: "retry", code: "target_unavailable" },
      { kind: "refused", code: "message_invalid" },
      { kind: "retry", code: "protocol_error" },
    ]);
  });
});

describe("SNS", () => {
  it("gets messages by the query protocol, and gives each its own result", () => {
    const topicArn = "arn:aws:sns:eu-central-1:123456789012:events.fifo";
    const request = SNS.request(
      { ...CLOUD_CONFIGS.sns, topicArn },
      [message({ text: "a&b=ü" }), message({ id: "msg_3" })],
      NOW,
    ) as KindRequest;
    const form = new URLSearchParams(Buffer.from(request.body).toString());
    expect(form.get("Action")).toBe("PublishBatch");
    expect(form.get("PublishBatchRequestEntries.member.1.Message")).toBe("a&b=ü");
    expect(form.get("PublishBatchRequestEntries.member.2.MessageDeduplicationId")).toBe("msg_3");
    expect(form.get("PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name")).toBe("webhook-id");
    const answer = response(
      200,
      "<PublishBatchResponse><PublishBatchResult><Failed><member><Id>1</Id><Code>Throttled</Code><Message>Rate &amp; more</Message><SenderFault>true</SenderFault></member></Failed>" +
        "<Successful><member><Id>0</Id><MessageId>sns-0</MessageId></member></Successful></PublishBatchResult></PublishBatchResponse>",
    );
    expect(SNS.classify(answer, [message(), message()], NOW)).toMatchObject([
      { kind: "ok", reference: "sns-0" },
      { kind: "later", code: "rate_limited", sentence: expect.stringContaining("Rate & more") as string },
    ]);
  });
});

describe("EventBridge", () => {
  it("gets a JSON object unchanged, with the event type and the ID of the message", () => {
    const request = EVENT_BRIDGE.request(CLOUD_CONFIGS.eventBridge, [message()], NOW) as KindRequest;
    expect(bodyOf(request)).toEqual({
      Entries: [
        {
          EventBusName: "default",
          Source: "posthorn",
          DetailType: "invoice.paid",
          Detail: '{"amount": 1.0}',
          Time: Math.floor(NOW / 1000),
          Resources: ["msg_2abc"],
        },
      ],
    });
  });

  it.each(["[1]", '"text"', "5", "null", "plain", "{", ""])("is not sent %j, which it would reject", (text) => {
    expect(EVENT_BRIDGE.request(CLOUD_CONFIGS.eventBridge, [message({ text })], NOW)).toMatchObject({
      kind: "refused",
      code: "message_invalid",
    });
  });

  it("gives each event of a batch its own result", () => {
    const answer = response(200, {
      FailedEntryCount: 2,
      Entries: [
        { EventId: "e-0" },
        { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." },
        { ErrorCode: "ThrottlingException" },
      ],
    });
    expect(EVENT_BRIDGE.classify(answer, [message(), message(), message(), message()], NOW)).toMatchObject([
      { kind: "ok", reference: "e-0" },
      { kind: "refused", code: "message_invalid" },
      { kind: "later", code: "rate_limited" },
      { kind: "retry", code: "protocol_error" },
    ]);
  });
});

describe("Kinesis and Firehose", () => {
  it("get records with the ordering key or the ID as partition key", () => {
    const request = KINESIS.request(
      CLOUD_CONFIGS.kinesis,
      [message({ orderingKey: "k" }), message()],
      NOW,
    ) as KindRequest;
    expect(bodyOf(request)).toMatchObject({
      StreamName: "events",
      Records: [
        { PartitionKey: "k", Data: Buffer.from('{"amount": 1.0}').toString("base64") },
        { PartitionKey: "msg_2abc" },
      ],
    });
  });

  it("get the ID of the message if the format is JSON", () => {
    const request = KINESIS.request({ ...CLOUD_CONFIGS.kinesis, format: "json" }, [message()], NOW) as KindRequest;
    const [{ Data: data }] = bodyOf(request)["Records"] as [{ Data: string }];
    expect(JSON.parse(Buffer.from(data, "base64").toString())).toMatchObject({
      id: "msg_2abc",
      payload: { amount: 1 },
    });
  });

  it("give each record its own result", () => {
    const kinesis = response(200, {
      FailedRecordCount: 1,
      Records: [
        { SequenceNumber: "49", ShardId: "shardId-0" },
        { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "Rate exceeded" },
      ],
    });
    expect(KINESIS.classify(kinesis, [message(), message()], NOW)).toMatchObject([
      { kind: "ok", reference: "shardId-0/49" },
      { kind: "later" },
    ]);
    const firehose = response(200, {
      FailedPutCount: 1,
      RequestResponses: [{ RecordId: "r-0" }, { ErrorCode: "ServiceUnavailableException" }],
    });
    expect(FIREHOSE.classify(firehose, [message(), message()], NOW)).toMatchObject([
      { kind: "ok", reference: "r-0" },
      { kind: "retry" },
    ]);
  });
});

describe("S3", () => {
  it("gets an object that must not exist yet", () => {
    const request = S3.request(CLOUD_CONFIGS.s3, [message()], NOW) as KindRequest;
    expect(request).toMatchObject({
      method: "PUT",
      url: "https://acme-archive.s3.eu-central-1.amazonaws.com/2026/11/27/12/msg_2abc.jsonl",
    });
    expect(request.headers).toEqual(["content-type", "application/x-ndjson", "if-none-match", "*"]);
  });

  it.each([
    [{ bucket: "with.dots" }, "https://s3.eu-central-1.amazonaws.com/with.dots"],
    [{ endpointUrl: "http://127.0.0.1:5000/" }, "http://127.0.0.1:5000/acme-archive"],
  ])("is addressed by path with %j", (change, url) => {
    expect(S3.target({ ...CLOUD_CONFIGS.s3, ...change })).toBe(url);
  });

  it("already has the object if it responds with 412", () => {
    const [result] = S3.classify(response(412, "<Error><Code>PreconditionFailed</Code></Error>"), [message()], NOW);
    expect(result).toEqual({ kind: "ok", reference: null, isDuplicate: true });
  });

  it.each([
    ["NoSuchBucket", 404, "closed", "target_not_found"],
    ["PermanentRedirect", 301, "closed", "target_not_found"],
    ["AuthorizationHeaderMalformed", 400, "closed", "target_not_found"],
    ["InvalidAccessKeyId", 403, "closed", "credentials_refused"],
    ["SlowDown", 503, "later", "rate_limited"],
    ["ConditionalRequestConflict", 409, "retry", "target_unavailable"],
    ["OperationAborted", 409, "retry", "target_unavailable"],
    ["RequestTimeout", 400, "retry", "target_unavailable"],
    ["EntityTooLarge", 400, "refused", "message_too_large"],
    ["KeyTooLongError", 400, "refused", "message_invalid"],
  ])("reports %s with HTTP %i as %s and %s", (code, status, kind, error) => {
    const [result] = S3.classify(
      response(status, `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`),
      [message()],
      NOW,
    );
    expect(result).toMatchObject({ kind, code: error });
  });
});

function bodyOf({ body }: KindRequest): Record<string, unknown> {
  return JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
}
