import { once } from "node:events";
import { connect } from "node:net";
import { isSkipped, reachPort, startRedis } from "@posthorn/testkit/counterparts";
import { describe, expect, it } from "vitest";

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

describe("counterparts that are not installed", () => {
  it("are skipped only if the variable names them", () => {
    expect(isSkipped("no-such-counterpart")).toBe(false);
  });
});
