/** The cloud services of the kill tests. Their stand-ins keep data in memory, so they are frozen and not killed. */
import { generateKeyPairSync } from "node:crypto";
import { startReceiver } from "@posthorn/testkit";
import { startAzurite, startFakeGcs, startMoto, type TestProgram } from "@posthorn/testkit/counterparts";
import { sharedKey } from "../../../src/destinations/auth/azure.ts";
import { AwsClient, awsConfig, REGION } from "../aws-client.ts";
import type { OpenCounterpart } from "./broker-sinks.ts";
import type { Counterpart, Sink } from "./run.ts";

const ACCOUNT = "123456789012";

function silenceOf(program: TestProgram): Required<Pick<Counterpart, "freeze" | "unfreeze">> {
  return { freeze: () => program.freeze(), unfreeze: () => program.unfreeze() };
}

const openMoto: OpenCounterpart = async (stack) => {
  const moto = stack.use(await startMoto());
  const aws = new AwsClient(moto.url);
  const base = awsConfig(moto.url);
  return {
    name: "moto",
    sinks: [await sqsOf(aws, base), await snsOf(aws, base), await kinesisOf(aws, base), await s3Of(aws, base)],
    ...silenceOf(moto.program),
  };
};

type Config = Readonly<Record<string, string>>;

async function sqsOf(aws: AwsClient, base: Config): Promise<Sink> {
  const queueUrl = await aws.createQueue("killed.fifo", { FifoQueue: "true", VisibilityTimeout: "600" });
  return { kind: "sqs", config: { ...base, queueUrl }, isExactlyOnce: true, ids: drained(aws, queueUrl, false) };
}

/** A topic with a queue behind it. */
async function snsOf(aws: AwsClient, base: Config): Promise<Sink> {
  const queueUrl = await aws.createQueue("behind-topic");
  const created = await aws.query("sns", { Action: "CreateTopic", Version: "2010-03-31", Name: "killed" });
  const topicArn = /<TopicArn>(.*?)</.exec(created)![1]!;
  await aws.query("sns", {
    Action: "Subscribe",
    Version: "2010-03-31",
    TopicArn: topicArn,
    Protocol: "sqs",
    Endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:behind-topic`,
    "Attributes.entry.1.key": "RawMessageDelivery",
    "Attributes.entry.1.value": "true",
  });
  return { kind: "sns", config: { ...base, topicArn }, isExactlyOnce: false, ids: drained(aws, queueUrl, true) };
}

/**
 * All messages that the queue has received so far.
 *
 * @param deletes Whether messages are deleted once they were read. AWS recognises the ID of a deleted message for five minutes, but Moto
 * compares only with the messages in the queue: a batch that was read, deleted, and sent again after a kill would be stored again. Without
 * deletion, the visibility timeout hides messages that were read.
 */
function drained(aws: AwsClient, queueUrl: string, deletes: boolean): Sink["ids"] {
  const found: string[] = [];
  return async () => {
    for (const { MessageAttributes } of await aws.drain(queueUrl, deletes)) {
      found.push(MessageAttributes!["webhook-id"]!.StringValue);
    }
    return found;
  };
}

async function kinesisOf(aws: AwsClient, base: Config): Promise<Sink> {
  const call = (operation: string, body: object) => aws.json("kinesis", `Kinesis_20131202.${operation}`, body);
  await call("CreateStream", { StreamName: "killed", ShardCount: 1 });
  const { Shards } = await call("ListShards", { StreamName: "killed" });
  const [{ ShardId }] = Shards as [{ readonly ShardId: string }];
  const ids = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    const start = { StreamName: "killed", ShardId, ShardIteratorType: "TRIM_HORIZON" };
    let { ShardIterator: iterator } = await call("GetShardIterator", start);
    for (;;) {
      const page = await call("GetRecords", { ShardIterator: iterator, Limit: 1000 });
      const records = page["Records"] as readonly { readonly PartitionKey: string }[];
      // Without an ordering key, the partition key is the ID of the message.
      found.push(...records.map(({ PartitionKey }) => PartitionKey));
      if (records.length === 0) return found;
      iterator = page["NextShardIterator"];
    }
  };
  return { kind: "kinesis", config: { ...base, streamName: "killed" }, isExactlyOnce: false, ids };
}

async function s3Of(aws: AwsClient, base: Config): Promise<Sink> {
  await aws.createBucket("killed");
  const config = { ...base, bucket: "killed", key: "{id}", format: "raw" };
  return { kind: "s3", config, isExactlyOnce: true, ids: () => aws.objectKeys("killed") };
}

/** Targets of several messages in a request: one with an outcome for each, one that keeps an order, and one that recognises whole batches. */
export const openBatches: OpenCounterpart = async (stack) => {
  const moto = stack.use(await startMoto());
  const aws = new AwsClient(moto.url);
  const base = awsConfig(moto.url);
  const batched = (sink: Sink, maxItems: number): Sink => ({
    ...sink,
    policy: { batch: { maxItems, maxWaitSeconds: 0.1 } },
  });
  await aws.createBucket("batches");
  const config = { ...base, bucket: "batches", key: "{id}.jsonl", format: "jsonLines" };
  const known = new Map<string, readonly string[]>();
  const ids = async (): Promise<readonly string[]> => {
    for (const key of await aws.objectKeys("batches")) {
      if (known.has(key)) continue;
      const lines = (await aws.object("batches", key)).toString("utf8").trimEnd().split("\n");
      known.set(
        key,
        lines.map((line) => (JSON.parse(line) as { readonly id: string }).id),
      );
    }
    return [...known.values()].flat();
  };
  const archive: Sink = { kind: "s3", config, isExactlyOnce: true, ids };
  return {
    name: "moto",
    sinks: [batched(archive, 25), batched(await sqsOf(aws, base), 10), batched(await kinesisOf(aws, base), 50)],
    ...silenceOf(moto.program),
  };
};

const openAzurite: OpenCounterpart = async (stack) => {
  const { url, account, key, program } = stack.use(await startAzurite());
  const call = async (method: "GET" | "PUT", path: string): Promise<string> => {
    const signed = ["x-ms-version", "2021-12-02", "x-ms-date", new Date().toUTCString()] as const;
    const target = `${url}/${path}`;
    const request = { method: method as "PUT", url: target, headers: signed, body: Buffer.alloc(0) };
    const headers: [string, string][] = [
      ["authorization", sharedKey(request, account, key)],
      [signed[0], signed[1]],
      [signed[2], signed[3]],
    ];
    const response = await fetch(target, { method, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
    return text;
  };
  await call("PUT", "killed?restype=container");
  const ids = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    let marker = "";
    do {
      const list = await call("GET", `killed?restype=container&comp=list${marker}`);
      found.push(...[...list.matchAll(/<Name>(.*?)<\/Name>/g)].map(([, name]) => name!));
      const next = /<NextMarker>(.+?)<\/NextMarker>/.exec(list)?.[1];
      marker = next === undefined ? "" : `&marker=${encodeURIComponent(next)}`;
    } while (marker !== "");
    return found;
  };
  const config = { account, accessKey: key, container: "killed", endpointUrl: url, key: "{id}", format: "raw" };
  return { name: "azurite", sinks: [{ kind: "azureBlob", config, isExactlyOnce: true, ids }], ...silenceOf(program) };
};

const openGcs: OpenCounterpart = async (stack) => {
  const gcs = stack.use(await startFakeGcs());
  const tokens = stack.use(
    await startReceiver({ response: { status: 200, body: '{"access_token":"ya29.test","expires_in":3599}' } }),
  );
  const headers = { "content-type": "application/json" };
  await fetch(`${gcs.url}/storage/v1/b?project=test`, { method: "POST", headers, body: '{"name":"killed"}' });
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const credentials = JSON.stringify({
    type: "service_account",
    client_email: "sender@acme.iam.gserviceaccount.com",
    private_key: privateKey,
    token_uri: `${tokens.url}/token`,
  });
  const ids = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    let token = "";
    do {
      const response = await fetch(`${gcs.url}/storage/v1/b/killed/o?maxResults=1000${token}`);
      const page = (await response.json()) as {
        readonly items?: readonly { readonly name: string }[];
        readonly nextPageToken?: string;
      };
      found.push(...(page.items ?? []).map(({ name }) => name));
      token = page.nextPageToken === undefined ? "" : `&pageToken=${encodeURIComponent(page.nextPageToken)}`;
    } while (token !== "");
    return found;
  };
  const config = { bucket: "killed", endpointUrl: gcs.url, credentials, key: "{id}", format: "raw" };
  return {
    name: "gcs",
    sinks: [{ kind: "googleCloudStorage", config, isExactlyOnce: true, ids }],
    env: { POSTHORN_GOOGLE_TOKEN_URLS: `${tokens.url}/token` },
    ...silenceOf(gcs.program),
  };
};

/** Keyed by the names with which counterparts can be skipped. */
export const CLOUDS: Readonly<Record<string, OpenCounterpart>> = { moto: openMoto, azurite: openAzurite, gcs: openGcs };
