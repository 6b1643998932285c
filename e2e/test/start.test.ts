/** The process as a user sees it: `npm start`, its first output, its settings, its exit. */
import { eventually, startReceiver, startServer } from "@posthorn/testkit";
import { Webhook } from "standardwebhooks";
import { Svix } from "svix";
import { Svix as Svix1 } from "svix1";
import { expect, test } from "vitest";

const CURL =
  /curl -X POST (\S+) \\\s+-H 'authorization: (Bearer [^']+)' \\\s+-H 'content-type: application\/json' \\\s+-d '(.+)'/;

test("npm start prints an address, a token and a working call, delivers to this machine, and stops on request", async () => {
  await using server = await startServer({ npm: true });
  await using receiver = await startReceiver();
  await eventually(() => expect(server.log).toMatch(CURL));
  const [, url, authorization, body] = CURL.exec(server.log)!;
  const token = /Token {4}(\S+)/.exec(server.log)?.[1] ?? "";
  expect([url, authorization]).toEqual([`${server.url}/api/v1/app/demo/msg`, `Bearer ${token}`]);
  const printed = await fetch(url!, {
    method: "POST",
    headers: { authorization: authorization!, "content-type": "application/json" },
    body: body!,
  });
  expect(printed.status).toBe(202);
  for (const client of [
    new Svix(token, { serverUrl: server.url }),
    new Svix1(token, { serverUrl: `${server.url}/` }),
  ]) {
    receiver.clear();
    const endpoint = await client.endpoint.create("demo", { url: receiver.url });
    await client.message.create("demo", { eventType: "invoice.paid", payload: { amount: 1 } });
    const { key } = await client.endpoint.getSecret("demo", endpoint.id);
    const [delivery] = await receiver.waitForCount(1);
    expect(new Webhook(key).verify(delivery!.body.toString(), delivery!.headers)).toEqual({ amount: 1 });
    await client.endpoint.delete("demo", endpoint.id);
  }
  await server.stop();
  expect(server.log).toContain("SIGTERM: stopping");
});

test("npm start leaves no server behind when only npm is stopped", async () => {
  await using server = await startServer({ npm: true });
  const { url } = server;
  process.kill(server.pid, "SIGTERM");
  await eventually(async () => expect(await fetch(`${url}/health`).catch(() => "gone")).toBe("gone"));
  await eventually(() => expect(server.log).toContain("npm ended: stopping"));
});

test("the second family of header names can be disabled", async () => {
  await using server = await startServer({ env: { POSTHORN_SECOND_HEADER_FAMILY: "false" } });
  await using receiver = await startReceiver();
  const client = new Svix(server.token, { serverUrl: server.url });
  await client.application.create({ name: "A", uid: "a" });
  await client.endpoint.create("a", { url: receiver.url });
  await client.message.create("a", { eventType: "a", payload: {} });
  const [delivery] = await receiver.waitForCount(1);
  const names = Object.keys(delivery!.headers).filter((name) => /^(webhook|svix)-/.test(name));
  expect(names.sort()).toEqual(["webhook-id", "webhook-signature", "webhook-timestamp"]);
});

test("without --dev no address of this machine is called, and the attempt says why", async () => {
  await using server = await startServer({ dev: false, env: { POSTHORN_RETRY_SCHEDULE: "" } });
  await using receiver = await startReceiver();
  const client = new Svix(server.token, { serverUrl: server.url });
  await client.application.create({ name: "A", uid: "a" });
  const { id } = await client.endpoint.create("a", { url: receiver.url });
  const message = await client.message.create("a", { eventType: "a", payload: {} });
  await expect
    .poll(async () => (await client.messageAttempt.listByEndpoint("a", id)).data[0], { timeout: 60_000 })
    .toMatchObject({ msgId: message.id, status: 2, responseStatusCode: 0 });
  expect(receiver.requests).toEqual([]);
});

test.each([
  ["an invalid listen address", { POSTHORN_LISTEN: "nowhere" }, "POSTHORN_LISTEN"],
  ["an invalid schedule", { POSTHORN_RETRY_SCHEDULE: "soon" }, "POSTHORN_RETRY_SCHEDULE"],
  ["a setting that does not exist", { POSTHORN_RETRY_SHEDULE: "5" }, "POSTHORN_RETRY_SHEDULE"],
  ["a secret that is too short", { POSTHORN_JWT_SECRET: "short" }, "POSTHORN_JWT_SECRET"],
])("%s fails the start with a message that names it", async (_title, env, name) => {
  await expect(startServer({ env })).rejects.toThrow(new RegExp(`\\nposthorn: [^\\n]*${name}[^\\n]*\\n$`));
});

test("a second process on the same data exits with a message", async () => {
  await using server = await startServer();
  await expect(startServer({ dataDir: server.dataDir })).rejects.toThrow(/\nposthorn: [^\n]*Another[^\n]*\n$/);
});
