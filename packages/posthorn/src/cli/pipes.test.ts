/** Commands in pipes: their input is read once, and they exit when the reader of their output exits. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

function run(...args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ["--conditions=@posthorn/source", MAIN, ...args]);
}

it("prints the whole body that trigger reads from standard input, and nothing after it", async () => {
  const to = ["--to", "http://localhost:3000/", "--secret", "s3cret"];
  const child = run("trigger", "github", "--data", "-", "--print", ...to);
  child.stdin.end('{ "action" : "opened" }');
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(output).toMatch(/\n\n\{ "action" : "opened" \}$/);
});

it("stops tail when the reader of its output exits, such as head", async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const event = `event: message.accepted\ndata: ${JSON.stringify({ appId: "app_1", eventType: "a" })}\n\n`;
    const timer = setInterval(() => response.write(event), 20);
    response.once("close", () => clearInterval(timer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const child = run("tail", "--url", `http://127.0.0.1:${(server.address() as AddressInfo).port}`, "--token", "t");
  await once(child.stdout, "data");
  child.stdout.destroy();
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code).toBe(0);
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});
