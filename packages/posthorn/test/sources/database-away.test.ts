/** Sources while PostgreSQL is unavailable. */
import { eventually, startTcpProxy } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { TestGateway } from "../support/gateway.ts";
import { borrowDatabase } from "../support/postgres.ts";
import { onPostgres } from "../support/store.ts";
import { MAIL, sendRaw } from "./smtp-client.ts";
import { startWebServer } from "./web-server.ts";

const AWAY_MS = 10_000;

describe.runIf(onPostgres)("sources while the database is unavailable", () => {
  it(
    "lose nothing: unstored events are read again, and emails are rejected temporarily",
    { timeout: 180_000 },
    async () => {
      await using stack = new AsyncDisposableStack();
      const { url } = stack.use(await borrowDatabase());
      const proxy = stack.use(await startTcpProxy(Number(new URL(url).port)));
      const gateway = stack.use(
        await TestGateway.start({
          POSTHORN_DATABASE_URL: proxy.through(url),
          POSTHORN_DATABASE_TIMEOUT: "1",
          POSTHORN_SHUTDOWN_TIMEOUT: "1",
          POSTHORN_SMTP_LISTEN: "127.0.0.1:0",
          POSTHORN_SMTP_DOMAIN: "in.example.com",
        }),
      );
      const web = stack.use(await startWebServer());
      let items = 3;
      let isWaiting = false;
      const waiting = Promise.withResolvers<void>();
      const cut = Promise.withResolvers<void>();
      web.respond = (_request, response) => {
        const body = JSON.stringify(Array.from({ length: items }, (_, id) => ({ id })));
        if (!isWaiting) return void response.end(body);
        waiting.resolve();
        return void cut.promise.then(() => response.end(body));
      };
      const reader = await gateway.source(
        { kind: "http", config: { url: web.url, emit: "items", items: "$[*]", order: "oldest-first", start: "all" } },
        false,
      );
      const mails = await gateway.source({ kind: "email" }, false);
      await eventually(async () => expect(await gateway.messages(reader)).toHaveLength(3));
      const mail = { from: "a@example.com", to: mails.url.replace("mailto:", ""), raw: MAIL };
      await sendRaw(gateway.node.smtpPort!, { ...mail, raw: MAIL.replace("Hello", "before") });

      // The database becomes unavailable while a poll waits for its response.
      isWaiting = true;
      items = 40;
      await gateway.call("POST", `ingest/api/v1/source/${reader.id}/poll`);
      await waiting.promise;
      proxy.setState("cut");
      cut.resolve();
      isWaiting = false;
      await expect(sendRaw(gateway.node.smtpPort!, mail)).rejects.toMatchObject({ responseCode: 451 });
      await new Promise((resolve) => void setTimeout(resolve, AWAY_MS));
      proxy.setState("open");

      await eventually(
        async () => {
          const ids = (await gateway.messages(reader)).map(({ payload }) => (payload as { id: number }).id);
          expect(ids.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 40 }, (_, id) => id));
        },
        { timeoutMs: 60_000, intervalMs: 500 },
      );
      await eventually(() => sendRaw(gateway.node.smtpPort!, mail), { timeoutMs: 60_000, intervalMs: 500 });
      expect(await gateway.messages(mails)).toHaveLength(2);
      const { json } = await gateway.call("GET", `ingest/api/v1/source/${reader.id}/state`);
      expect(json).toMatchObject({ state: "waiting", events: 40, error: null });
    },
  );
});
