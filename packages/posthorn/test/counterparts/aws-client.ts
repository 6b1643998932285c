/** Calls the APIs of AWS at a stand-in, signed like requests of Posthorn. */
import { awsHeaders } from "../../src/destinations/auth/aws-signature.ts";

export const REGION = "eu-central-1";
export const KEYS = { accessKeyId: "AKIDOFATEST", secretAccessKey: "secret-key-of-a-test" } as const;
/** Part of the configuration of an endpoint. */
export const awsConfig = (url: string): Readonly<Record<string, string>> => ({
  ...KEYS,
  region: REGION,
  endpointUrl: url,
});

export class AwsClient {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** A call of a JSON protocol. */
  async json(service: string, target: string, body: object): Promise<Record<string, unknown>> {
    const headers = ["content-type", "application/x-amz-json-1.1", "x-amz-target", target];
    const response = await this.request({ service, method: "POST", path: "/", headers, body: JSON.stringify(body) });
    return JSON.parse(response.toString()) as Record<string, unknown>;
  }

  /** A call of the query protocol. @returns XML. */
  async query(service: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const headers = ["content-type", "application/x-www-form-urlencoded"];
    const body = new URLSearchParams(parameters).toString();
    return (await this.request({ service, method: "POST", path: "/", headers, body })).toString();
  }

  async request({
    service,
    method,
    path,
    headers = [],
    body = "",
  }: {
    readonly service: string;
    readonly method: string;
    readonly path: string;
    readonly headers?: readonly string[];
    readonly body?: string;
  }): Promise<Buffer> {
    const request = { method, url: `${this.#url}${path}`, headers, body: Buffer.from(body) };
    const credentials = { ...KEYS, sessionToken: null };
    const all = [...headers, ...awsHeaders(request, { service, region: REGION }, credentials, Date.now())];
    const pairs = all.flatMap((value, index): [string, string][] =>
      index % 2 === 0 ? [] : [[all[index - 1]!, value]],
    );
    const response = await fetch(request.url, { method, headers: pairs, ...(body === "" ? {} : { body }) });
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${bytes.toString()}`);
    return bytes;
  }

  async createQueue(name: string, attributes: Readonly<Record<string, string>> = {}): Promise<string> {
    const created = await this.json("sqs", "AmazonSQS.CreateQueue", { QueueName: name, Attributes: attributes });
    return created["QueueUrl"] as string;
  }

  /** Removes and returns all messages of a queue. */
  async drain(queueUrl: string, deletes = true): Promise<readonly QueuedMessage[]> {
    const all: QueuedMessage[] = [];
    for (;;) {
      const received = await this.json("sqs", "AmazonSQS.ReceiveMessage", {
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
        AttributeNames: ["All"],
      });
      const messages = (received["Messages"] ?? []) as readonly QueuedMessage[];
      if (messages.length === 0) return all;
      all.push(...messages);
      if (!deletes) continue;
      const entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.json("sqs", "AmazonSQS.DeleteMessageBatch", { QueueUrl: queueUrl, Entries: entries });
    }
  }

  async createBucket(name: string): Promise<void> {
    const body = `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`;
    await this.request({ service: "s3", method: "PUT", path: `/${name}`, body });
  }

  async objectKeys(bucket: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let token = "";
    for (;;) {
      const path = `/${bucket}?list-type=2&max-keys=1000${token === "" ? "" : `&continuation-token=${encodeURIComponent(token)}`}`;
      const xml = (await this.request({ service: "s3", method: "GET", path })).toString();
      keys.push(...[...xml.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key!));
      token = /<NextContinuationToken>(.*?)</.exec(xml)?.[1] ?? "";
      if (token === "") return keys;
    }
  }

  object(bucket: string, key: string): Promise<Buffer> {
    return this.request({ service: "s3", method: "GET", path: `/${bucket}/${key}` });
  }
}

export interface QueuedMessage {
  readonly Body: string;
  readonly ReceiptHandle: string;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue: string }>>;
}
