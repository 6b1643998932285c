import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, type TestServer } from "@posthorn/testkit";
import { isSkipped, startMoto } from "@posthorn/testkit/counterparts";
import { describe, expect, it } from "vitest";
import { AwsClient, awsConfig } from "./aws-client.ts";
import { CloudScene, startCloudServer } from "./cloud-scene.ts";

/** The nightly run kills more often. */
const KILLS = Number(process.env["POSTHORN_TEST_KILLS"] ?? "10");
const PUBLISHERS = 4;
/** A process is killed after it has accepted some of so many messages. */
const MESSAGES_A_LIFE = 60;
const LEAST_A_LIFE = 10;
const PAUSE_MS = 20;

/** Publishes messages, each until it is accepted, while the server is killed and started again. */
class Publishing {
  readonly accepted = new Map<string, string>();
  left = 0;
  readonly #server: TestServer;
  readonly #app: string;
  #ended = false;
  #next = 0;
  /** `null` while the server is down. */
  url: string | null;

  constructor(server: TestServer, app: string) {
    this.#server = server;
    this.#app = app;
    this.url = server.url;
  }

  async run(): Promise<void> {
    while (!this.#ended) {
      if (this.left <= 0) {
        await delay(PAUSE_MS);
        continue;
      }
      this.left--;
      const payload = `{"n":${this.#next++},"exact":1.0}`;
      this.accepted.set(await this.#publish(payload, randomUUID()), payload);
    }
  }

  end(): void {
    this.#ended = true;
  }

  async #publish(payload: string, key: string): Promise<string> {
    for (;;) {
      const response = await this.#send(payload, key).catch(() => null);
      if (response !== null && response.status === 202) return ((await response.json()) as { readonly id: string }).id;
      await delay(PAUSE_MS);
    }
  }

  #send(payload: string, key: string): Promise<Response> {
    if (this.url === null) return Promise.reject(new Error("the server is down"));
    return fetch(`${this.url}/api/v1/app/${this.#app}/msg`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.#server.token}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: `{"eventType":"invoice.paid","payload":${payload}}`,
    });
  }
}

describe.skipIf(isSkipped("moto"))("a server that is killed while it sends to AWS", () => {
  it(
    "delivers every accepted message to a FIFO queue and to a bucket exactly once",
    { timeout: 60_000 + KILLS * 60_000 },
    async () => {
      await using moto = await startMoto();
      const aws = new AwsClient(moto.url);
      const queueUrl = await aws.createQueue("killed.fifo", { FifoQueue: "true", VisibilityTimeout: "600" });
      await aws.createBucket("killed");
      await using server = await startCloudServer();
      const scene = await CloudScene.open(server, "sqs", { ...awsConfig(moto.url), queueUrl });
      const archive = await scene.call("POST", `/app/${scene.app}/endpoint`, {
        kind: "s3",
        config: { ...awsConfig(moto.url), bucket: "killed", key: "{id}", format: "raw" },
      });
      const publishing = new Publishing(server, scene.app);
      const work = Array.from({ length: PUBLISHERS }, () => publishing.run());
      for (let kills = 0; kills < KILLS; kills++) {
        publishing.left = MESSAGES_A_LIFE;
        const goal =
          publishing.accepted.size + LEAST_A_LIFE + Math.random() * (MESSAGES_A_LIFE - LEAST_A_LIFE - PUBLISHERS);
        while (publishing.accepted.size < goal) await delay(1);
        publishing.url = null;
        await server.kill();
        await server.restart();
        publishing.url = server.url;
      }
      publishing.end();
      await Promise.all(work);

      const ids = [...publishing.accepted.keys()].sort();
      const keys = await eventually(
        async () => {
          const found = await aws.objectKeys("killed");
          expect(found.length).toBeGreaterThanOrEqual(ids.length);
          return found;
        },
        { timeoutMs: 120_000, intervalMs: 500 },
      );
      expect([...keys].sort()).toEqual(ids);
      const queued = new Map<string, number>();
      await eventually(
        async () => {
          for (const { MessageAttributes } of await aws.drain(queueUrl)) {
            const id = MessageAttributes!["webhook-id"]!.StringValue;
            queued.set(id, (queued.get(id) ?? 0) + 1);
          }
          expect([...queued.keys()].sort()).toEqual(ids);
        },
        { timeoutMs: 120_000, intervalMs: 500 },
      );
      expect([...queued].filter(([, times]) => times !== 1)).toEqual([]);
      for (const id of ids.slice(0, 20)) {
        expect((await aws.object("killed", id)).toString()).toBe(publishing.accepted.get(id));
      }
      expect(ids.length).toBeGreaterThan(KILLS * LEAST_A_LIFE);
      const repeated = (await scene.statuses(archive["id"] as string)).filter((status) => status === 412).length;
      process.stdout.write(
        `${KILLS} kills, ${ids.length} messages, each once in SQS and S3, ${repeated} of them sent twice to S3\n`,
      );
    },
  );
});
