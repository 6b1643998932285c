/** Runs the conformance suite for the kinds of cloud services, with responses as their vendors document them. */
import type { Received, ReceiverResponse } from "@posthorn/testkit";
import type { KindAuthorizer } from "../../src/destinations/auth/authorizer.ts";
import {
  clickHouseProblem,
  eventGridProblem,
  eventHubsProblem,
  pubSubProblem,
  serviceBusProblem,
} from "../support/cloud-contracts.ts";
import { CLOUD_CONFIGS, type CloudKindName } from "../support/cloud-kinds.ts";
import { destinationSuite, type ReceivedMessage } from "./destination.suite.ts";
import { echoes, httpKindBench, type HttpKindBenchOptions, type Responses } from "./http-kind-bench.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Google's tokens come from a separate service, which `auth/cloud-authorizer.test.ts` covers. */
const GOOGLE_TOKEN: KindAuthorizer = {
  authorize: ({ url, headers }) =>
    Promise.resolve({
      kind: "authorized",
      url,
      headers: [...headers, "authorization", "Bearer ya29.token-to-keep-secret"],
      secretHeaders: ["authorization"],
    }),
  isOutdated: () => false,
};

/** Accepts only what the documentation of the service allows. */
const strictly =
  (problemWith: (request: Received) => string | null, response: ReceiverResponse) =>
  (request: Received): ReceiverResponse => {
    const problem = problemWith(request);
    return problem === null ? response : { status: 400, body: problem };
  };
const json = (status: number, body: object): ReceiverResponse => ({ status, body: JSON.stringify(body) });
const awsError = (status: number, code: string): ReceiverResponse =>
  json(status, { __type: code, message: "Said by AWS." });
const xmlError = (status: number, code: string): ReceiverResponse => ({
  status,
  body: `<ErrorResponse><Error><Code>${code}</Code><Message>Said by AWS.</Message></Error></ErrorResponse>`,
});
const googleError = (code: number, status: string): ReceiverResponse =>
  json(code, { error: { code, status, message: "Said by Google." } });
const azureError = (status: number, code: string): ReceiverResponse => ({
  status,
  headers: { "x-ms-error-code": code },
  body: `<Error><Code>${code}</Code><Message>Said by Azure.</Message></Error>`,
});

/** Errors that a service of AWS with a JSON protocol sends. */
const awsErrors = (
  missing: string,
  invalid: string,
  throttled = "ThrottlingException",
): Omit<Responses, "accepts"> => ({
  asks_to_wait: awsError(400, throttled),
  refuses: awsError(400, invalid),
  is_closed: awsError(400, missing),
  rejects_credentials: awsError(403, "UnrecognizedClientException"),
  echoes,
});
/** `src/destinations/kinds/archive.test.ts` covers how a line contains the body. */
const readLine = (body: Buffer): ReceivedMessage => ({ messageId: parsed(body)["id"] as string, body: null });

interface Contract {
  readonly responses: Responses;
  readonly read: NonNullable<HttpKindBenchOptions["read"]>;
  readonly authorizer?: KindAuthorizer;
}

const CONTRACTS: Readonly<Record<CloudKindName, Contract>> = {
  sqs: {
    responses: {
      accepts: json(200, { Successful: [{ Id: "0", MessageId: "aws-1" }], Failed: [] }),
      ...awsErrors(
        "com.amazonaws.sqs#QueueDoesNotExist",
        "com.amazonaws.sqs#InvalidMessageContents",
        "RequestThrottled",
      ),
    },
    read: ({ body }) => {
      const [entry] = parsed(body)["Entries"] as [Fields];
      return {
        messageId: entry["MessageDeduplicationId"] as string,
        orderingKey: entry["MessageGroupId"] as string,
        body: Buffer.from(entry["MessageBody"] as string),
      };
    },
  },
  sns: {
    responses: {
      accepts: {
        body: "<PublishBatchResponse><PublishBatchResult><Failed/><Successful><member><Id>0</Id><MessageId>sns-1</MessageId></member></Successful></PublishBatchResult></PublishBatchResponse>",
      },
      asks_to_wait: xmlError(400, "Throttled"),
      refuses: xmlError(400, "InvalidParameter"),
      is_closed: xmlError(404, "NotFound"),
      rejects_credentials: xmlError(403, "InvalidClientTokenId"),
      echoes,
    },
    read: ({ body }) => {
      const form = new URLSearchParams(body.toString());
      const field = (name: string): string => form.get(`PublishBatchRequestEntries.member.1.${name}`)!;
      return {
        messageId: field("MessageDeduplicationId"),
        orderingKey: field("MessageGroupId"),
        body: Buffer.from(field("Message")),
      };
    },
  },
  eventBridge: {
    responses: {
      accepts: json(200, { FailedEntryCount: 0, Entries: [{ EventId: "event-1" }] }),
      ...awsErrors("ResourceNotFoundException", "ValidationException"),
    },
    read: ({ body }) => {
      const [entry] = parsed(body)["Entries"] as [Fields];
      const [id] = entry["Resources"] as [string];
      return { messageId: id, body: Buffer.from(entry["Detail"] as string) };
    },
  },
  kinesis: {
    responses: {
      accepts: json(200, { FailedRecordCount: 0, Records: [{ ShardId: "shardId-0", SequenceNumber: "49" }] }),
      ...awsErrors("ResourceNotFoundException", "ValidationException", "ProvisionedThroughputExceededException"),
    },
    read: ({ body }) => {
      const [record] = parsed(body)["Records"] as [Fields];
      return { messageId: null, orderingKey: record["PartitionKey"] as string, body: base64(record["Data"]) };
    },
  },
  firehose: {
    responses: {
      accepts: json(200, { FailedPutCount: 0, RequestResponses: [{ RecordId: "record-1" }] }),
      ...awsErrors("ResourceNotFoundException", "InvalidArgumentException", "LimitExceededException"),
    },
    read: ({ body }) => {
      const [record] = parsed(body)["Records"] as [Fields];
      return readLine(base64(record["Data"]));
    },
  },
  s3: {
    responses: {
      accepts: { headers: { etag: '"etag-1"' } },
      asks_to_wait: xmlError(503, "SlowDown"),
      refuses: xmlError(400, "EntityTooLarge"),
      is_closed: xmlError(404, "NoSuchBucket"),
      rejects_credentials: xmlError(403, "InvalidAccessKeyId"),
      has_it_already: xmlError(412, "PreconditionFailed"),
      accepts_at_length: { body: "a".repeat(100_000) },
      echoes,
    },
    read: ({ body }) => readLine(body),
  },
  googlePubSub: {
    authorizer: GOOGLE_TOKEN,
    responses: {
      accepts: strictly(pubSubProblem, json(200, { messageIds: ["19917247034"] })),
      asks_to_wait: googleError(429, "RESOURCE_EXHAUSTED"),
      refuses: googleError(400, "INVALID_ARGUMENT"),
      is_closed: googleError(404, "NOT_FOUND"),
      rejects_credentials: googleError(403, "PERMISSION_DENIED"),
      echoes,
    },
    read: ({ body }) => {
      const [message] = parsed(body)["messages"] as [Fields];
      const attributes = message["attributes"] as Fields;
      return {
        messageId: attributes["webhook-id"] as string,
        orderingKey: message["orderingKey"] as string,
        body: base64(message["data"]),
      };
    },
  },
  googleCloudStorage: {
    authorizer: GOOGLE_TOKEN,
    responses: {
      accepts: json(200, { generation: "1" }),
      asks_to_wait: json(429, { error: { code: 429, message: "m", errors: [{ reason: "rateLimitExceeded" }] } }),
      refuses: json(400, { error: { code: 400, message: "m", errors: [{ reason: "invalid" }] } }),
      is_closed: json(404, { error: { code: 404, message: "m", errors: [{ reason: "notFound" }] } }),
      rejects_credentials: json(401, { error: { code: 401, message: "m", errors: [{ reason: "authError" }] } }),
      has_it_already: json(412, { error: { code: 412, message: "m", errors: [{ reason: "conditionNotMet" }] } }),
      accepts_at_length: { body: "a".repeat(100_000) },
      echoes,
    },
    read: ({ body }) => readLine(body),
  },
  azureBlob: {
    responses: {
      accepts: { status: 201, headers: { etag: '"0x8D"' } },
      asks_to_wait: azureError(503, "ServerBusy"),
      refuses: azureError(413, "RequestBodyTooLarge"),
      is_closed: azureError(404, "ContainerNotFound"),
      rejects_credentials: azureError(403, "AuthenticationFailed"),
      has_it_already: azureError(409, "BlobAlreadyExists"),
      accepts_at_length: { status: 201, body: "a".repeat(100_000) },
      echoes,
    },
    read: ({ body }) => readLine(body),
  },
  serviceBus: {
    responses: {
      accepts: strictly(serviceBusProblem, { status: 201 }),
      asks_to_wait: {
        status: 503,
        body: "<Error><Code>503</Code><Detail>ServerBusy: The request was terminated.</Detail></Error>",
      },
      refuses: { status: 400, body: "<Error><Code>400</Code><Detail>BadRequest</Detail></Error>" },
      is_closed: { status: 410, body: "<Error><Code>410</Code><Detail>The queue does not exist.</Detail></Error>" },
      rejects_credentials: {
        status: 401,
        body: "<Error><Code>401</Code><Detail>InvalidSignature: The token has an invalid signature.</Detail></Error>",
      },
      accepts_at_length: { status: 201, body: "a".repeat(100_000) },
      echoes,
    },
    read: ({ headers, body }) => {
      const properties = JSON.parse(headers["brokerproperties"]!) as Fields;
      return { messageId: properties["MessageId"] as string, orderingKey: properties["SessionId"] as string, body };
    },
  },
  eventHubs: {
    responses: {
      accepts: strictly(eventHubsProblem, { status: 201 }),
      asks_to_wait: { status: 503, body: "<Error><Code>503</Code><Detail>ServerBusy</Detail></Error>" },
      refuses: { status: 400, body: "<Error><Code>400</Code><Detail>BadRequest</Detail></Error>" },
      is_closed: { status: 404, body: "<Error><Code>404</Code><Detail>MessagingEntityNotFound</Detail></Error>" },
      rejects_credentials: { status: 401, body: "<Error><Code>401</Code><Detail>InvalidSignature</Detail></Error>" },
      accepts_at_length: { status: 201, body: "a".repeat(100_000) },
      echoes,
    },
    read: ({ headers, body }) => {
      const properties = JSON.parse(headers["brokerproperties"]!) as Fields;
      return { messageId: headers["webhook-id"]!, orderingKey: properties["PartitionKey"] as string, body };
    },
  },
  eventGrid: {
    responses: {
      accepts: strictly(eventGridProblem, { status: 200 }),
      asks_to_wait: json(429, { error: { code: "TooManyRequests", message: "m" } }),
      refuses: json(413, { error: { code: "RequestEntityTooLarge", message: "m" } }),
      is_closed: json(404, { error: { code: "ResourceNotFound", message: "m" } }),
      rejects_credentials: json(401, { error: { code: "Unauthorized", message: "m" } }),
      accepts_at_length: { status: 200, body: "a".repeat(100_000) },
      echoes,
    },
    read: ({ body }) => {
      const [event] = JSON.parse(body.toString()) as [Fields];
      const text = body.toString();
      return { messageId: event["id"] as string, body: Buffer.from(text.slice(text.indexOf('"data":') + 7, -2)) };
    },
  },
  clickhouse: {
    responses: {
      accepts: strictly(clickHouseProblem, { headers: { "x-clickhouse-query-id": "query-1" } }),
      asks_to_wait: clickHouseError(500, 252, "Too many parts"),
      refuses: clickHouseError(400, 27, "Cannot parse input"),
      is_closed: clickHouseError(404, 60, "Unknown table"),
      rejects_credentials: clickHouseError(403, 516, "Authentication failed"),
      accepts_at_length: { body: "a".repeat(100_000) },
      echoes,
    },
    read: ({ body }) => {
      const row = parsed(body);
      return { messageId: row["id"] as string, body: Buffer.from(row["payload"] as string) };
    },
  },
};

/** Queues and topics that keep the order and recognise repetitions. */
const CONFIGS: Readonly<Record<CloudKindName, Fields>> = {
  ...CLOUD_CONFIGS,
  sqs: { ...CLOUD_CONFIGS.sqs, queueUrl: `${CLOUD_CONFIGS.sqs.queueUrl}.fifo` },
  sns: { ...CLOUD_CONFIGS.sns, topicArn: `${CLOUD_CONFIGS.sns.topicArn}.fifo` },
};

for (const [name, { responses, ...options }] of Object.entries(CONTRACTS)) {
  destinationSuite(httpKindBench(name, CONFIGS[name as CloudKindName], responses, options));
}

function clickHouseError(status: number, code: number, text: string): ReceiverResponse {
  return {
    status,
    headers: { "x-clickhouse-exception-code": String(code) },
    body: `Code: ${code}. DB::Exception: ${text}. (version 26.10.1.1)`,
  };
}

function parsed(body: Buffer): Fields {
  return JSON.parse(body.toString()) as Fields;
}

function base64(text: unknown): Buffer {
  return Buffer.from(text as string, "base64");
}
