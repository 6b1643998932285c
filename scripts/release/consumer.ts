/**
 * A program that uses the published packages. It is copied to an empty folder, compiled and run there: it adds itself as an endpoint of the
 * server whose URL and token are its arguments, publishes a message, and verifies what arrives. Then it runs a node of its own.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Egress, parseAllowList } from "@posthorn/egress";
import { generateSecret, verify } from "@posthorn/webhooks";
import { type HostLog, Posthorn } from "posthorn";
import { TestPosthorn } from "posthorn/testing";

const [server = "", token = ""] = process.argv.slice(2);
const secret = generateSecret();
const arrived = Promise.withResolvers<string>();

async function receive(request: IncomingMessage): Promise<void> {
  const body = await buffer(request);
  const { id } = await verify({ headers: request.headers, body }, secret);
  arrived.resolve(id);
}

const receiver = createServer((request, response) => {
  receive(request).then(
    () => response.writeHead(204).end(),
    (error: unknown) => {
      arrived.reject(error);
      response.writeHead(400).end();
    },
  );
});
receiver.listen(0, "127.0.0.1");
await once(receiver, "listening");
const { port } = receiver.address() as AddressInfo;

await using egress = new Egress({ allow: parseAllowList("external,loopback"), ports: "1-65535" });

async function post(path: string, body: object): Promise<void> {
  const result = await egress.send({
    method: "POST",
    url: `${server}/api/v1/${path}`,
    headers: ["authorization", `Bearer ${token}`, "content-type", "application/json"],
    body: Buffer.from(JSON.stringify(body)),
    timeoutMs: 15_000,
    maxResponseBytes: 65_536,
  });
  if (result.kind !== "response") throw new Error(result.message);
  if (result.status >= 300) throw new Error(`${path}: HTTP ${result.status} ${Buffer.from(result.body).toString()}`);
}

await post("app", { name: "Demo", uid: "demo" });
await post("app/demo/endpoint", { url: `http://127.0.0.1:${port}/`, secret });
await post("app/demo/msg", { eventType: "invoice.paid", payload: { amount: 12.5 } });
console.log(`verified ${await arrived.promise}`);
receiver.close();
receiver.closeAllConnections();

// Checks the module that programs import.
const ignore = (): void => undefined;
const log: HostLog = {
  level: "silent",
  child: () => log,
  isLevelEnabled: () => false,
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
};
await using embedded = await Posthorn.start({ settings: { dataDir: "embedded" }, log });
const { uid } = await embedded.application.getOrCreate({ name: "Embedded", uid: "embedded" });
console.log(`embedded ${uid}`);

// Checks the module for tests, which delivers without a port.
await using tested = await TestPosthorn.start();
const hook = await tested.hook({ application: "tested" });
await tested.message.create("tested", { eventType: "invoice.paid", payload: { amount: 12.5 } });
await (await hook.received("invoice.paid")).verify();
