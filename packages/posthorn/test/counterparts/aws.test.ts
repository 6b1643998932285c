import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isSkipped, startMoto, type TestMoto } from "@posthorn/testkit/counterparts";
import { eventually, type TestServer } from "@posthorn/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AwsClient, awsConfig, KEYS, type QueuedMessage, REGION } from "./aws-client.ts";
import { CloudScene, startCloudServer } from "./cloud-scene.ts";

/** Numbers, escapes and order that a parser would change. */
const PAYLOAD = '{"big": 12345678901234567890, "exact": 1.0, "text": "ü\\u00fc", "b": 1, "a": 2}';

describe.skipIf(isSkipped("moto"))("AWS (Moto)", () => {
  let moto: TestMoto;
  let aws: AwsClient;
  let server: TestServer;

  beforeAll(async () => {
    moto = await startMoto();
    server = await startCloudServer();
    aws = new AwsClient(moto.url);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await moto[Symbol.asyncDispose]();
  });

  const sqs = (queueUrl: string): Promise<CloudScene> =>
    CloudScene.open(server, "sqs", { ...awsConfig(moto.url), queueUrl });

  it("a standard SQS queue gets the payload byte for byte, with signature, ID and type as attributes", async () => {
    const queue = await aws.createQueue("standard");
    const scene = await sqs(queue);
    const id = await scene.publish(PAYLOAD);
    const [attempt] = await scene.delivered(id);
    expect(attempt).toMatchObject({ responseStatusCode: 200 });
    const [message] = await aws.drain(queue);
    expect(message!.Body).toBe(PAYLOAD);
    const attributes = message!.MessageAttributes!;
    expect(attributes["webhook-id"]!.StringValue).toBe(id);
    expect(attributes["event-type"]!.StringValue).toBe("invoice.paid");
    expect(attributes["webhook-signature"]!.StringValue).toMatch(/^v1,/);
  });

  it("a FIFO queue has a message once, although it was sent again, and has the messages of a key in order", async () => {
    const queue = await aws.createQueue("ordered.fifo", { FifoQueue: "true" });
    const scene = await sqs(queue);
    await scene.call("PATCH", `/app/${scene.app}/policy`, { order: { by: "key" } });
    const ids: string[] = [];
    for (let index = 0; index < 12; index++) {
      ids.push(await scene.publish(`{"n":${index}}`, ',"orderingKey":"customer-7"'));
    }
    for (const id of ids) await scene.delivered(id);
    await scene.resend(ids[0]!);
    await scene.delivered(ids[0]!, 2);
    const messages = await aws.drain(queue);
    expect(messages.map(idOf)).toEqual(ids);
    expect(messages.map(({ Body }) => (JSON.parse(Body) as { readonly n: number }).n)).toEqual(
      ids.map((_, index) => index),
    );
    expect(new Set(messages.map(({ Attributes }) => Attributes["MessageGroupId"]))).toEqual(new Set(["customer-7"]));
  });

  it("a queue that does not exist closes the destination, and says what to check", async () => {
    const scene = await sqs(`${moto.url}/123456789012/missing`);
    const id = await scene.publish("{}");
    const [attempt] = await eventually(async () => {
      const found = await scene.attempts(id);
      expect(found).not.toEqual([]);
      return found;
    });
    expect(attempt!.response).toMatch(/QueueDoesNotExist|NonExistentQueue/);
    const detail = await scene.call("GET", `/app/${scene.app}/msg/${id}/attempt/${attempt!.id}`);
    expect(JSON.stringify(detail)).toContain("Check that the target exists in this region and account.");
  });

  it("a message is delivered after AWS could not be reached for a while", async () => {
    const queue = await aws.createQueue("restarted");
    const scene = await sqs(queue);
    await moto.program.kill();
    const id = await scene.publish(PAYLOAD);
    await eventually(async () => expect((await scene.attempts(id)).length).toBeGreaterThan(0));
    await moto.program.start();
    // Moto does not keep data over a restart.
    await aws.createQueue("restarted");
    await scene.delivered(id);
    expect((await aws.drain(queue)).map(({ Body }) => Body)).toEqual([PAYLOAD]);
  });

  it("the secret access key is in no file of the server and in no response of its API", async () => {
    const queue = await aws.createQueue("secret");
    const scene = await sqs(queue);
    const id = await scene.publish("{}");
    await scene.delivered(id);
    const shown = [
      await scene.call("GET", `/app/${scene.app}/endpoint/${scene.endpointId}`),
      await scene.call("GET", `/app/${scene.app}/endpoint`),
      { attempts: await scene.attempts(id) },
    ];
    expect(JSON.stringify(shown)).not.toContain(KEYS.secretAccessKey);
    expect(scene.server.log).not.toContain(KEYS.secretAccessKey);
    const files = readdirSync(scene.server.dataDir, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    const secret = Buffer.from(KEYS.secretAccessKey);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes(secret))).toEqual([]);
  });

  it("a role is assumed with the external ID, and its credentials are used", async () => {
    const queue = await aws.createQueue("by-role");
    const config = {
      ...awsConfig(moto.url),
      queueUrl: queue,
      roleArn: "arn:aws:iam::123456789012:role/send",
      externalId: "external-1",
    };
    const scene = await CloudScene.open(server, "sqs", config);
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    expect((await aws.drain(queue)).map(idOf)).toEqual([id]);
  });

  it("an SNS topic passes on the payload byte for byte, with the attributes", async () => {
    const queue = await aws.createQueue("behind-topic");
    const created = await aws.query("sns", { Action: "CreateTopic", Version: "2010-03-31", Name: "events" });
    const topicArn = /<TopicArn>(.*?)</.exec(created)![1]!;
    await aws.query("sns", {
      Action: "Subscribe",
      Version: "2010-03-31",
      TopicArn: topicArn,
      Protocol: "sqs",
      Endpoint: `arn:aws:sqs:${REGION}:123456789012:behind-topic`,
      "Attributes.entry.1.key": "RawMessageDelivery",
      "Attributes.entry.1.value": "true",
    });
    const scene = await CloudScene.open(server, "sns", { ...awsConfig(moto.url), topicArn });
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    const messages = await eventually(async () => {
      const found = await aws.drain(queue);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(messages[0]!.Body).toBe(PAYLOAD);
    expect(idOf(messages[0]!)).toBe(id);
  });

  it("an EventBridge bus has the payload as detail, with type, source and ID", async () => {
    const queue = await aws.createQueue("behind-bus");
    await aws.json("events", "AWSEvents.PutRule", {
      Name: "all",
      EventBusName: "default",
      State: "ENABLED",
      EventPattern: JSON.stringify({ source: ["com.example"] }),
    });
    const target = { Id: "queue", Arn: `arn:aws:sqs:${REGION}:123456789012:behind-bus` };
    await aws.json("events", "AWSEvents.PutTargets", { Rule: "all", EventBusName: "default", Targets: [target] });
    const scene = await CloudScene.open(server, "eventBridge", { ...awsConfig(moto.url), source: "com.example" });
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    const [message] = await aws.drain(queue);
    expect(JSON.parse(message!.Body)).toMatchObject({
      source: "com.example",
      "detail-type": "invoice.paid",
      resources: [id],
      detail: { exact: 1, text: "üü" },
    });
  });

  it("a Kinesis stream has the payload byte for byte, under the ordering key", async () => {
    await aws.json("kinesis", "Kinesis_20131202.CreateStream", { StreamName: "events", ShardCount: 1 });
    const scene = await CloudScene.open(server, "kinesis", { ...awsConfig(moto.url), streamName: "events" });
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    const { Shards: shards } = await aws.json("kinesis", "Kinesis_20131202.ListShards", { StreamName: "events" });
    const [{ ShardId }] = shards as [{ readonly ShardId: string }];
    const { ShardIterator } = await aws.json("kinesis", "Kinesis_20131202.GetShardIterator", {
      StreamName: "events",
      ShardId,
      ShardIteratorType: "TRIM_HORIZON",
    });
    const { Records: records } = await aws.json("kinesis", "Kinesis_20131202.GetRecords", { ShardIterator });
    const [record] = records as [{ readonly Data: string; readonly PartitionKey: string }];
    expect(Buffer.from(record.Data, "base64").toString()).toBe(PAYLOAD);
    expect(record.PartitionKey).toBe(id);
  });

  it("a Firehose stream writes lines of JSON into its bucket", async () => {
    await aws.createBucket("behind-firehose");
    await aws.json("firehose", "Firehose_20150804.CreateDeliveryStream", {
      DeliveryStreamName: "to-s3",
      ExtendedS3DestinationConfiguration: {
        BucketARN: "arn:aws:s3:::behind-firehose",
        RoleARN: "arn:aws:iam::123456789012:role/firehose",
      },
    });
    const scene = await CloudScene.open(server, "firehose", { ...awsConfig(moto.url), deliveryStreamName: "to-s3" });
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    const [key] = await aws.objectKeys("behind-firehose");
    const line = (await aws.object("behind-firehose", key!)).toString();
    expect(line).toContain(`"payload":${PAYLOAD}}\n`);
    expect(JSON.parse(line)).toMatchObject({ id });
  });

  it("an S3 bucket has each message as one object, although it was sent again", async () => {
    await aws.createBucket("archive");
    const config = { ...awsConfig(moto.url), bucket: "archive", key: "events/{eventType}/{id}.json", format: "raw" };
    const scene = await CloudScene.open(server, "s3", config);
    const id = await scene.publish(PAYLOAD);
    await scene.delivered(id);
    const key = `events/invoice.paid/${id}.json`;
    expect((await aws.object("archive", key)).toString()).toBe(PAYLOAD);
    await scene.resend(id);
    const attempts = await scene.delivered(id, 2);
    expect(attempts.map(({ responseStatusCode }) => responseStatusCode).toSorted((a, b) => a - b)).toEqual([200, 412]);
    expect(await aws.objectKeys("archive")).toEqual([key]);
  });
});

function idOf({ MessageAttributes }: QueuedMessage): string {
  return MessageAttributes!["webhook-id"]!.StringValue;
}
