/** Servers that are killed while they deliver redacted messages: the content of their disks, and the requests that endpoints receive. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, startReceiver, startServer, type TestServer } from "@posthorn/testkit";
import { expect, it } from "vitest";
import { queryDisk } from "../lib/disk.ts";

const MESSAGES = 40;
const KILLS = 4;
const canaryOf = (n: number): string => `canary-${n}-of-redaction@secret.example`;
const payloadOf = (n: number): string => `{"customer":{"email":"${canaryOf(n)}"},"n":${n}}`;

async function call(server: TestServer, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}/api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} ${response.status}: ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

/** Files of the data folder that contain a redacted value in clear text: of the database, its log, and any other. */
function leaks({ dataDir }: TestServer): readonly string[] {
  const names = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return names
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => readFileSync(path).includes("of-redaction"));
}

it(
  "killed between deliveries and their outcomes, it delivers every exact body, stores none in clear text, and keeps none",
  { timeout: 240_000 },
  async () => {
    await using receiver = await startReceiver();
    await using server = await startServer({ env: { POSTHORN_RETRY_SCHEDULE: "1,1,1,1,1,1,1,1" } });
    await call(server, "POST", "redaction-rule", { path: "$.customer.email", action: "mask" });
    await call(server, "POST", "app", { name: "App", uid: "app" });
    for (const uid of ["one", "two"])
      await call(server, "POST", "app/app/endpoint", { url: `${receiver.url}/${uid}`, uid });
    let published = 0;
    for (let kill = 1; kill <= KILLS; kill++) {
      while (published < (kill * MESSAGES) / KILLS) {
        const message = { eventType: "order.paid", transformationsParams: { rawPayload: payloadOf(published++) } };
        await call(server, "POST", "app/app/msg?with_content=false", message);
      }
      // The outcome of its last delivery waits some milliseconds for a commit.
      const last = payloadOf(published - 1);
      await receiver.waitFor(({ body }) => body.toString("utf8") === last);
      await server.kill();
      expect(leaks(server)).toEqual([]);
      await server.restart();
    }
    const bodies = () => new Set(receiver.requests.map(({ path, body }) => `${path} ${body.toString("utf8")}`));
    const expected = Array.from({ length: MESSAGES }, (_, n) => n).flatMap((n) =>
      ["/one", "/two"].map((path) => `${path} ${payloadOf(n)}`),
    );
    await eventually(() => expect([...bodies()].toSorted()).toEqual(expected.toSorted()), { timeoutMs: 60_000 });
    await eventually(
      async () => {
        for (const uid of ["one", "two"]) {
          const stats = await call(server, "GET", `app/app/endpoint/${uid}/stats`);
          expect(stats).toMatchObject({ success: MESSAGES, pending: 0, sending: 0 });
        }
      },
      { timeoutMs: 60_000 },
    );
    await server.stop();
    expect(await queryDisk(server, "SELECT message_id FROM exact_body")).toEqual([]);
    expect(leaks(server)).toEqual([]);
  },
);
