/** What keeps a process with a client running. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";

const INDEX = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** Sends two requests one after the other on one connection, and leaves the client open. */
const PROGRAM = `
  import { Egress, parseAllowList } from ${JSON.stringify(INDEX)};
  const egress = new Egress({ client: process.argv[1], allow: parseAllowList("loopback"), keepAliveMs: 86_400_000 });
  const request = { method: "POST", url: process.argv[2], headers: [], body: null, timeoutMs: 60_000, maxResponseBytes: 1000 };
  const results = [await egress.send(request), await egress.send(request)];
  console.log(results.map(({ status, timings }) => status + " " + timings.reused).join(", "), egress.stats.idle);
`;

/** Responds after a while, and never closes a connection. */
function answerLater(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.on("data", () => {
    setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), 300);
  });
}

describe.each(["builtin", "undici"])("a process with the client %s", (client) => {
  test("runs until its requests have ended, and no longer, although their connection is still open", async () => {
    await using server = createServer(answerLater).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const child = spawn(
      process.execPath,
      ["--input-type=module", "--conditions=@posthorn/source", "--eval", PROGRAM, client, url],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, "exit")) as [number];
    expect(output).toBe("200 false, 200 true 1\n");
    expect(code).toBe(0);
  });
});
