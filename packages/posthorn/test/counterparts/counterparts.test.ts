import { once } from "node:events";
import { connect } from "node:net";
import { isSkipped, reachPort, startMoto, startRedis } from "@posthorn/testkit/counterparts";
import { describe, expect, it } from "vitest";
import { AwsClient } from "./aws-client.ts";

describe.skipIf(isSkipped("redis"))("a counterpart", () => {
  it("can be killed and started again on the same port", async () => {
    await using redis = await startRedis();
    await redis.program.kill();
    await expect(reachPort(redis.port)).rejects.toThrow("ECONNREFUSED");
    await redis.program.start();
    await reachPort(redis.port);
  });

  it("accepts connections and never responds while it is frozen", async () => {
    await using redis = await startRedis();
    redis.program.freeze();
    const socket = connect(redis.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("PING\r\n");
    await expect(once(socket, "data", { signal: AbortSignal.timeout(300) })).rejects.toThrow("aborted");
    redis.program.unfreeze();
    await once(socket, "data");
    socket.destroy();
  });
});

describe.skipIf(isSkipped("moto"))("Moto", () => {
  it("stores every record that it confirms, even if records arrive at the same time", async () => {
    await using moto = await startMoto({ switchSeconds: 0.00001 });
    const aws = new AwsClient(moto.url);
    const call = (operation: string, body: object) => aws.json("kinesis", `Kinesis_20131202.${operation}`, body);
    await call("CreateStream", { StreamName: "events", ShardCount: 1 });
    const putMany = async (): Promise<string[]> => {
      const confirmed: string[] = [];
      for (let n = 0; n < 30; n++) {
        const put = await call("PutRecord", { StreamName: "events", PartitionKey: "a", Data: "eA==" });
        confirmed.push(put["SequenceNumber"] as string);
      }
      return confirmed;
    };
    const confirmed = (await Promise.all(Array.from({ length: 20 }, putMany))).flat();
    expect(new Set(confirmed)).toHaveLength(confirmed.length);
  });
});

describe("counterparts that are not installed", () => {
  it("are skipped only if the variable names them", () => {
    expect(isSkipped("no-such-counterpart")).toBe(false);
  });
});
