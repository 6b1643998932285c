/** Emails to a process that is killed. The sender behaves as mail servers do: it repeats an email until it has the reply 250. */
import { setTimeout as delay } from "node:timers/promises";
import { eventually, freePort, startServer } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { MAIL, sendRaw } from "./smtp-client.ts";

const KILLS = 10;
const SENDERS = 4;

describe("emails to a process that is killed", () => {
  it("are each stored once if they were accepted, however often they are repeated", { timeout: 300_000 }, async () => {
    const port = await freePort();
    const env = { POSTHORN_SMTP_LISTEN: `127.0.0.1:${port}`, POSTHORN_SMTP_DOMAIN: "in.example.com" };
    await using server = await startServer({ allowErrors: true, env });
    const call = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${server.url}/${path}`, {
        method,
        headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.status > 299) throw new Error(`${method} ${path}: ${response.status}`);
      return (await response.json()) as Record<string, unknown>;
    };
    const source = await call("POST", "ingest/api/v1/source", { name: "Mails", kind: "email" });
    const to = String(source["ingestUrl"]).replace("mailto:", "");
    const ending = new AbortController();
    let last = 0;
    let repetitions = 0;
    const accepted: string[] = [];
    const sender = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        const subject = `mail-${++last}`;
        const raw = MAIL.replace(/Subject: .*/, `Subject: ${subject}`);
        for (;;) {
          try {
            await sendRaw(port, { from: "a@example.com", to, raw });
            break;
          } catch {
            repetitions++;
            await delay(20);
          }
        }
        accepted.push(subject);
      }
    };
    const sending = Promise.all(Array.from({ length: SENDERS }, () => sender()));
    for (let kills = 0; kills < KILLS; kills++) {
      const before = accepted.length;
      await eventually(() => expect(accepted.length).toBeGreaterThan(before + 5), { timeoutMs: 60_000 });
      await delay(Math.random() * 50);
      await server.kill();
      await server.restart();
    }
    ending.abort();
    await sending;
    const stored: string[] = [];
    for (let iterator = ""; ;) {
      const page = await call("GET", `api/v1/app/${String(source["id"])}/msg?limit=250${iterator}`);
      const data = page["data"] as { payload: { mail: { subject: string } } }[];
      stored.push(...data.map(({ payload }) => payload.mail.subject));
      if (page["done"] === true) break;
      iterator = `&iterator=${String(page["iterator"])}`;
    }
    expect(repetitions).toBeGreaterThan(0);
    expect(stored.toSorted((one, other) => one.localeCompare(other))).toEqual(
      accepted.toSorted((one, other) => one.localeCompare(other)),
    );
  });
});
