/** Mailboxes of a real IMAP server. */
import { startLab } from "@posthorn/egress/lab";
import { eventually, freePort } from "@posthorn/testkit";
import { DOVECOT_PASSWORD, isSkipped, startDovecot, type TestDovecot } from "@posthorn/testkit/counterparts";
import { ImapFlow } from "imapflow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SourceScene } from "../sources/scene.ts";
import type { TestSource } from "../support/gateway.ts";

describe.skipIf(isSkipped("dovecot"))("an IMAP mailbox", () => {
  let lab: Awaited<ReturnType<typeof startLab>>;
  let server: TestDovecot;
  let scene: SourceScene;
  beforeAll(async () => {
    lab = await startLab();
    server = await startDovecot(lab.certificates.good);
    scene = await SourceScene.start();
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
  });

  let users = 0;
  /** A user with an empty mailbox. */
  const newUser = (): string => `user${++users}`;
  const mail = (subject: string, text = "Hello"): string =>
    `From: ada@example.com\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.com>\r\n\r\n${text}\r\n`;

  async function as<T>(user: string, work: (client: ImapFlow) => Promise<T>): Promise<T> {
    const auth = { user, pass: DOVECOT_PASSWORD };
    const client = new ImapFlow({
      host: "127.0.0.1",
      port: server.port,
      secure: false,
      doSTARTTLS: false,
      auth,
      logger: false,
    });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.logout();
    }
  }
  const put = (user: string, subjects: readonly string[], mailbox = "INBOX"): Promise<void> =>
    as(user, async (client) => {
      for (const subject of subjects) await client.append(mailbox, mail(subject));
    });
  const make = (user: string, config: object = {}, endpoint: object | false = false): Promise<TestSource> =>
    scene.gateway.source(
      {
        kind: "imap",
        config: {
          host: "127.0.0.1",
          port: server.port,
          security: "none",
          username: user,
          password: DOVECOT_PASSWORD,
          ...config,
        },
      },
      endpoint,
    );
  const inState = (source: TestSource, expected: object): Promise<void> =>
    eventually(async () => expect(await scene.state(source)).toMatchObject(expected));
  const subjects = async (source: TestSource): Promise<readonly unknown[]> =>
    (await scene.payloads(source)).map((payload) => (payload as { mail: { subject: string } }).mail.subject);
  const subjectsAre = (source: TestSource, expected: readonly string[]): Promise<void> =>
    eventually(async () => expect(await subjects(source)).toEqual(expected));

  it("emits new emails as they arrive, in order, and none that already existed", async () => {
    const user = newUser();
    await put(user, ["before"]);
    const source = await make(user);
    await inState(source, { state: "running", error: null });
    await put(user, ["one", "two"]);
    await subjectsAre(source, ["one", "two"]);
    // An email that was moved here is new, however old it is.
    await as(user, (client) => client.append("INBOX", mail("three"), [], new Date("2020-01-01T00:00:00Z")));
    await subjectsAre(source, ["one", "two", "three"]);
    expect((await scene.payloads(source))[0]).toMatchObject({
      mailbox: { mailbox: "INBOX", uid: 2, uidValidity: expect.stringMatching(/^\d+$/) },
      mail: { from: { address: "ada@example.com" }, messageId: "one@example.com", text: "Hello\n" },
    });
  });

  it("emits everything once if it starts with all, even if it is read again from an earlier position", async () => {
    const user = newUser();
    const all = Array.from({ length: 120 }, (_, index) => `mail-${index}`);
    await put(user, all);
    const source = await make(user, { start: "all" });
    await subjectsAre(source, all.slice(0, 50));
    await inState(source, { events: 120 });
    const { store } = scene.gateway.node.services;
    await store.transaction(async (tx) => {
      const row = await tx.db
        .selectFrom("source_run")
        .select(["source_id", "cursor_json"])
        .orderBy("source_id", "desc")
        .executeTakeFirstOrThrow();
      const cursor = { ...(JSON.parse(row.cursor_json!) as object), uid: 60 };
      await tx.db
        .updateTable("source_run")
        .set((eb) => ({ cursor_json: JSON.stringify(cursor), version: eb("version", "+", 1) }))
        .where("source_id", "=", row.source_id)
        .execute();
      tx.signal({ kind: "source", key: row.source_id });
    }, "test");
    await put(user, ["last"]);
    await inState(source, { events: 121 });
    expect((await subjects(source)).at(-1)).toBe("last");
  });

  it("stores the email byte for byte in the raw format, and marks it as read only on request", async () => {
    const [raw, plain] = [newUser(), newUser()];
    const marked = await make(raw, { format: "raw", markSeen: true }, {});
    const unmarked = await make(plain);
    await inState(marked, { state: "running" });
    await inState(unmarked, { state: "running" });
    await put(raw, ["raw"]);
    await put(plain, ["plain"]);
    await inState(marked, { events: 1 });
    await inState(unmarked, { events: 1 });
    const { gateway } = scene;
    const { body } = await eventually(() => {
      const [request] = gateway.receiver.requests;
      if (request === undefined) throw new Error("not delivered yet");
      return request;
    });
    expect(body.toString()).toBe(mail("raw"));
    const unseen = (user: string) =>
      as(user, async (client) => {
        await client.mailboxOpen("INBOX");
        return client.search({ seen: false }, { uid: true });
      });
    await eventually(async () => expect(await unseen(raw)).toEqual([]));
    expect(await unseen(plain)).toEqual([1]);
  });

  it("reads emails that arrived since the last one if the mailbox was recreated", async () => {
    const user = newUser();
    await as(user, (client) => client.mailboxCreate("Orders"));
    const source = await make(user, { mailbox: "Orders" });
    await inState(source, { state: "running" });
    await put(user, ["one"], "Orders");
    await inState(source, { events: 1 });
    await as(user, async (client) => {
      await client.mailboxDelete("Orders");
      // UIDVALIDITY of this server has a resolution of seconds.
      await new Promise((resolve) => void setTimeout(resolve, 1100));
      await client.mailboxCreate("Orders");
      await client.append("Orders", mail("long ago"), [], new Date("2020-01-01T00:00:00Z"));
      await client.append("Orders", mail("two"));
    });
    await scene.gateway.call("PUT", `ingest/api/v1/source/${source.id}`, {
      name: "Orders",
      kind: "imap",
      config: { host: "127.0.0.1", port: server.port, security: "none", username: user, mailbox: "Orders" },
    });
    await subjectsAre(source, ["one", "two"]);
    await inState(source, { events: 2 });
    expect(await subjects(source)).toHaveLength(2);
  });

  it("quarantines an email that is too large and one that cannot be parsed, and continues reading", async () => {
    const user = newUser();
    const source = await make(user, { maxKib: 16 });
    await inState(source, { state: "running" });
    const nested = Array.from(
      { length: 60 },
      (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n`,
    ).join("");
    await as(user, async (client) => {
      await client.append("INBOX", mail("large", "x".repeat(20_000)));
      await client.append("INBOX", `Subject: deep\r\n${nested}`);
      await client.append("INBOX", mail("small"));
    });
    await subjectsAre(source, ["small"]);
    const rows = await scene.gateway.quarantine(source, 2);
    expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set(["mail_unreadable", "too_large"]));
  });

  it("connects with TLS and STARTTLS, and rejects a certificate that is not trusted", async () => {
    const ca = lab.certificates.ca.cert;
    for (const config of [
      { port: server.tlsPort, security: "tls" },
      { port: server.port, security: "starttls" },
    ]) {
      const user = newUser();
      const source = await make(user, { host: "localhost", ca, ...config });
      await inState(source, { state: "running" });
      await put(user, ["encrypted"]);
      await subjectsAre(source, ["encrypted"]);
      const untrusted = await make(newUser(), { host: "localhost", ...config });
      await inState(untrusted, {
        state: "failing",
        error: { code: "connection_failed", message: expect.stringMatching(/authority/) },
      });
    }
  });

  it("reports errors in the password, the mailbox, the port and the address", async () => {
    const password = await make(newUser(), { password: "wrong" });
    await inState(password, { state: "failing", error: { code: "credentials_refused", hint: expect.any(String) } });
    const mailbox = await make(newUser(), { mailbox: "Missing" });
    await inState(mailbox, { error: { code: "target_not_found" } });
    const port = await make(newUser(), { port: await freePort() });
    await inState(port, { state: "failing", error: { code: "connection_failed" } });
    const metadata = await make(newUser(), { host: "169.254.169.254", port: 993 });
    await inState(metadata, { error: { code: "address_refused" } });
  });

  it("continues after the server was killed, without losing or repeating an email", async () => {
    const user = newUser();
    const source = await make(user, { start: "all" });
    await inState(source, { state: "running" });
    await put(user, ["one"]);
    await subjectsAre(source, ["one"]);
    await server.program.kill();
    await inState(source, { state: "failing" });
    await server.program.start();
    await put(user, ["two"]);
    scene.clock.set(scene.clock.now() + 600_000);
    await subjectsAre(source, ["one", "two"]);
    await inState(source, { events: 2 });
    expect(await subjects(source)).toHaveLength(2);
  });
});
