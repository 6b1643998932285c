/** Sources of the kind `email`, through the SMTP server of a whole node. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startLab } from "@posthorn/egress/lab";
import { eventually } from "@posthorn/testkit";
import { createTransport } from "nodemailer";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { envToConfig } from "../../src/config/config.ts";
import { readEnv } from "../../src/config/env.ts";
import { startNode } from "../support/posthorn.ts";
import { TestGateway, type TestSource } from "../support/gateway.ts";
import { temporaryFolder } from "../support/store.ts";
import { MAIL, sendRaw, SmtpConversation } from "./smtp-client.ts";

const DOMAIN = "in.example.com";
const ENV = { POSTHORN_SMTP_LISTEN: "127.0.0.1:0", POSTHORN_SMTP_DOMAIN: DOMAIN };

let gateway: TestGateway;
let port: number;
beforeAll(async () => {
  gateway = await TestGateway.start({ ...ENV, POSTHORN_MAX_INBOUND_BYTES: "2097152" });
  port = gateway.node.smtpPort!;
});
afterAll(() => gateway[Symbol.asyncDispose]());

const open: SmtpConversation[] = [];
afterEach(async () => {
  for (const conversation of open.splice(0)) await conversation[Symbol.asyncDispose]();
});
async function talk(): Promise<SmtpConversation> {
  const conversation = await SmtpConversation.open(port);
  open.push(conversation);
  await conversation.say("EHLO client.example.com");
  return conversation;
}

const make = (config: object = {}, fields: object = {}): Promise<TestSource> =>
  gateway.source({ kind: "email", config, ...fields }, false);
const addressOf = ({ url }: TestSource): string => url.replace("mailto:", "");
const text = (index: number): string => MAIL.replace("<1@", `<${index}@`);

describe("a source with an email address", () => {
  it("emits an event for an email, with its envelope, texts, addresses and headers", async () => {
    const source = await make();
    expect(source.url).toMatch(/^mailto:[0-9a-f]{40}@in\.example\.com$/);
    const response = await sendRaw(port, { from: "bounce@example.com", to: addressOf(source), raw: MAIL });
    const [message, ...others] = await gateway.messages(source);
    expect(response).toBe(`250 2.6.0 Stored as ${String(message!["id"])}`);
    expect(others).toEqual([]);
    expect(message).toMatchObject({
      eventType: "mail.received",
      payload: {
        envelope: {
          from: "bounce@example.com",
          to: addressOf(source),
          peer: "127.0.0.1",
          helo: "client.example.com",
          isEncrypted: false,
        },
        mail: {
          messageId: "1@example.com",
          date: "2026-03-02T07:00:00.000Z",
          subject: "Grüße",
          from: { name: "Ada", address: "ada@example.com" },
          to: [{ name: "", address: "in@example.com" }],
          text: "Hello\n",
          html: null,
          headers: { "message-id": ["<1@example.com>"] },
          attachments: [],
        },
      },
    });
  });

  it("keeps the email byte for byte in the raw format", async () => {
    const source = await gateway.source({ kind: "email", config: { format: "raw" } }, {});
    const raw = Buffer.from(`${text(2)}.\r\nline with a dot in front, and \xe4\r\n`, "latin1");
    const before = gateway.receiver.requests.length;
    await sendRaw(port, { from: "a@example.com", to: addressOf(source), raw });
    const { body, headers } = await eventually(() => {
      const request = gateway.receiver.requests[before];
      if (request === undefined) throw new Error("not delivered yet");
      return request;
    });
    expect(headers["content-type"]).toBe("message/rfc822");
    expect(Buffer.from(body).equals(raw)).toBe(true);
  });

  it("stores an email once if its server sends it again, and stores a different email with the same Message-ID", async () => {
    const source = await make();
    const to = addressOf(source);
    const mail = { from: "a@example.com", to, raw: text(3) };
    await sendRaw(port, mail);
    expect(await sendRaw(port, mail)).toBe("250 2.6.0 This mail was stored before.");
    await sendRaw(port, { ...mail, raw: text(3).replace("Hello", "Something else") });
    await sendRaw(port, { ...mail, from: "b@example.com" });
    expect(await gateway.messages(source)).toHaveLength(3);
  });

  it("delivers an email to several addresses, and once to each", async () => {
    const [one, two] = [await make(), await make()];
    const to = [addressOf(one), addressOf(two), addressOf(one).replace("@", "+orders@")];
    await sendRaw(port, { from: "a@example.com", to, raw: text(4) });
    const recipients = (await gateway.messages(one)).map(
      ({ payload }) => (payload as { envelope: { to: string } }).envelope.to,
    );
    expect(new Set(recipients)).toEqual(new Set([to[0], to[2]]));
    expect(recipients).toHaveLength(2);
    expect(await gateway.messages(two)).toHaveLength(1);
  });

  it("includes attachments up to the limit, and only name, type, size and hash of others", async () => {
    const source = await make({ attachmentKib: 1 });
    const transport = createTransport({ host: "127.0.0.1", port, ignoreTLS: true });
    await transport.sendMail({
      from: "a@example.com",
      to: addressOf(source),
      text: "see attached",
      attachments: [
        { filename: "small.bin", content: Buffer.alloc(600, 1), contentType: "application/x-small" },
        { filename: "large.bin", content: Buffer.alloc(600, 2) },
        { filename: "tiny.txt", content: "tiny" },
      ],
    });
    transport.close();
    const [message] = await gateway.messages(source);
    expect(message!["payload"]).toMatchObject({
      mail: {
        attachments: [
          {
            filename: "small.bin",
            contentType: "application/x-small",
            size: 600,
            content: Buffer.alloc(600, 1).toString("base64"),
          },
          { filename: "large.bin", size: 600, content: null, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
          { filename: "tiny.txt", size: 4, content: "dGlueQ==" },
        ],
      },
    });
  });

  it("quarantines an email that cannot be parsed, and confirms it to the sender", async () => {
    const source = await make();
    const nested = Array.from(
      { length: 60 },
      (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n`,
    ).join("");
    const response = await sendRaw(port, { from: "", to: addressOf(source), raw: `Subject: deep\r\n${nested}end\r\n` });
    expect(response).toMatch(/^250 .*quarantine/);
    const [row] = await gateway.quarantine(source);
    expect(row).toMatchObject({ reason: "mail_unreadable" });
    expect(await gateway.messages(source)).toEqual([]);
  });

  it("has a state with the number of its emails, and keeps it when it is changed", async () => {
    const source = await make();
    await sendRaw(port, { from: "a@example.com", to: addressOf(source), raw: text(5) });
    const path = `ingest/api/v1/source/${source.id}`;
    await eventually(async () => {
      const { json } = await gateway.call("GET", `${path}/state`);
      expect(json).toMatchObject({ state: "running", events: 1, lastEventAt: expect.any(String), nextAt: null });
    });
    await gateway.call("PUT", path, { name: "Renamed", kind: "email", config: { eventType: "ticket.mail" } });
    const { json } = await gateway.call("GET", `${path}/state`);
    expect(json).toMatchObject({ state: "running", events: 1 });
    await sendRaw(port, { from: "a@example.com", to: addressOf(source), raw: text(6) });
    expect((await gateway.messages(source))[0]).toMatchObject({ eventType: "ticket.mail" });
  });

  it("accepts no emails while it is paused, with a reply after which servers try again", async () => {
    const source = await make();
    const mail = { from: "a@example.com", to: addressOf(source), raw: text(13) };
    const path = `ingest/api/v1/source/${source.id}`;
    await gateway.call("POST", `${path}/pause`);
    await expect(sendRaw(port, mail)).rejects.toMatchObject({ responseCode: 450 });
    const { json } = await gateway.call("POST", `${path}/resume`);
    expect(json).toMatchObject({ state: "running", nextAt: null });
    await sendRaw(port, mail);
    expect(await gateway.messages(source)).toHaveLength(1);
  });

  it("keeps its earlier address for the overlap after a rotation", async () => {
    const source = await make();
    const { json } = await gateway.call("POST", `ingest/api/v1/source/${source.id}/token/rotate`, {});
    const renewed = String(json["ingestUrl"]);
    expect(renewed).toMatch(/^mailto:/);
    for (const [index, url] of [source.url, renewed].entries()) {
      await sendRaw(port, { from: "a@example.com", to: url.replace("mailto:", ""), raw: text(7 + index) });
    }
    expect(await gateway.messages(source)).toHaveLength(2);
  });
});

describe("the SMTP server", () => {
  it("rejects addresses of other domains, unknown ones, and those of deleted sources", async () => {
    const deleted = await make();
    await gateway.call("DELETE", `ingest/api/v1/source/${deleted.id}`);
    const client = await talk();
    expect(await client.say("MAIL FROM:<a@example.com>")).toMatch(/^250/);
    expect(await client.say("RCPT TO:<someone@example.org>")).toMatch(/^550 5\.7\.1/);
    expect(await client.say("RCPT TO:<postmaster@in.example.com>")).toMatch(/^550 5\.1\.1/);
    expect(await client.say(`RCPT TO:<${"0".repeat(40)}@in.example.com>`)).toMatch(/^550 5\.1\.1/);
    expect(await client.say(`RCPT TO:<${addressOf(deleted)}>`)).toMatch(/^550 5\.1\.1/);
    expect(await client.say("DATA")).toMatch(/^503/);
  });

  it("rejects the address of a source of another kind, and requests to the URL of an email source", async () => {
    const webhook = await gateway.source({ type: "generic-webhook" }, false);
    const token = webhook.url.split("/").at(-1)!;
    const client = await talk();
    await client.say("MAIL FROM:<>");
    expect(await client.say(`RCPT TO:<${token}@${DOMAIN}>`)).toMatch(/^550 5\.1\.1/);
    const [own] = addressOf(await make()).split("@");
    const response = await fetch(`${gateway.node.url}/in/${own}`, { method: "POST", body: "x" });
    expect(response.status).toBe(404);
  });

  it("offers neither authentication nor STARTTLS without a certificate", async () => {
    const client = await talk();
    const capabilities = await client.say("EHLO again.example.com");
    expect(capabilities).toContain("SIZE 2097152");
    expect(capabilities).not.toMatch(/AUTH|STARTTLS/);
    expect(await client.say("STARTTLS")).toMatch(/^5/);
    expect(await client.say("AUTH PLAIN AGEAYg==")).toMatch(/^5/);
  });

  it("rejects an email that is too large for the server or the source, before or after its content", async () => {
    const source = await make({ maxKib: 16 });
    const client = await talk();
    expect(await client.say("MAIL FROM:<a@example.com> SIZE=3000000")).toMatch(/^552/);
    const raw = `${MAIL}${"x".repeat(70)}\r\n`.repeat(400);
    const sending = sendRaw(port, { from: "a@example.com", to: addressOf(source), raw });
    await expect(sending).rejects.toMatchObject({ responseCode: 552 });
    expect(await gateway.messages(source)).toEqual([]);
  });

  it("stores nothing of an email whose connection closes before the end of its content", async () => {
    const source = await make();
    const client = await talk();
    await client.say("MAIL FROM:<a@example.com>");
    await client.say(`RCPT TO:<${addressOf(source)}>`);
    expect(await client.say("DATA")).toMatch(/^354/);
    client.socket.write(MAIL);
    await client[Symbol.asyncDispose]();
    await sendRaw(port, { from: "a@example.com", to: addressOf(source), raw: text(9) });
    expect(await gateway.messages(source)).toHaveLength(1);
  });

  it("accepts no more than the daily quota and the rate limit, with a reply after which servers try again", async () => {
    const [quota, rate] = [await make({}, { dailyQuota: 1 }), await make({}, { rateLimit: 1 })];
    await sendRaw(port, { from: "a@example.com", to: addressOf(quota), raw: text(10) });
    const second = sendRaw(port, { from: "a@example.com", to: addressOf(quota), raw: text(11) });
    await expect(second).rejects.toMatchObject({ responseCode: 451 });
    const client = await talk();
    await client.say("MAIL FROM:<a@example.com>");
    const replies = [
      await client.say(`RCPT TO:<${addressOf(rate)}>`),
      await client.say(`RCPT TO:<${addressOf(rate)}>`),
    ];
    expect(replies.map((reply) => reply.slice(0, 3))).toEqual(["250", "451"]);
  });

  it("accepts emails only from the allowed addresses of the source", async () => {
    const source = await make({}, { allowedAddresses: ["192.0.2.0/24"] });
    const client = await talk();
    await client.say("MAIL FROM:<a@example.com>");
    expect(await client.say(`RCPT TO:<${addressOf(source)}>`)).toMatch(/^550 5\.7\.1/);
  });

  it("stops an email loop", async () => {
    const source = await make();
    const raw = `${"Received: from a by b\r\n".repeat(51)}${MAIL}`;
    const sending = sendRaw(port, { from: "a@example.com", to: addressOf(source), raw });
    await expect(sending).rejects.toMatchObject({ responseCode: 554 });
  });

  it("limits the connections of one peer, and rejected recipients of one connection", async () => {
    const guessing = await talk();
    await guessing.say("MAIL FROM:<a@example.com>");
    const replies: string[] = [];
    for (let guess = 0; guess < 22; guess++) replies.push(await guessing.say(`RCPT TO:<${guess}@${DOMAIN}>`));
    expect(replies.at(-1)).toMatch(/^\(closed\)|^421/);
    for (let count = 0; count < 20; count++) open.push(await SmtpConversation.open(port));
    const refused = await SmtpConversation.open(port);
    open.push(refused);
    expect(await refused.say("EHLO x")).toMatch(/^\(closed\)|^421/);
  });

  it("accepts up to 50 recipients of one email", async () => {
    const source = await make();
    const client = await talk();
    await client.say("MAIL FROM:<a@example.com>");
    const replies: string[] = [];
    for (let tag = 0; tag < 51; tag++) {
      replies.push(await client.say(`RCPT TO:<${addressOf(source).replace("@", `+${tag}@`)}>`));
    }
    expect(new Set(replies.slice(0, 50).map((reply) => reply.slice(0, 3)))).toEqual(new Set(["250"]));
    expect(replies[50]).toMatch(/^452/);
  });

  it("survives invalid input, and endless lines", async () => {
    for (const rubbish of [
      "\0\xff\xfe".repeat(500),
      "GET / HTTP/1.1\r\n\r\n",
      "x".repeat(100_000),
      "RCPT\r\nDATA\r\n",
    ]) {
      const client = await talk();
      client.socket.write(rubbish);
      await client.reply();
    }
    const source = await make();
    await sendRaw(port, { from: "a@example.com", to: addressOf(source), raw: text(12) });
    expect(await gateway.messages(source)).toHaveLength(1);
  });
});

describe("an SMTP server that is flooded", () => {
  let flooded: TestGateway;
  beforeAll(async () => {
    flooded = await TestGateway.start({ ...ENV, POSTHORN_MAX_INBOUND_BYTES: String(16 * 1024 * 1024) });
  });
  afterAll(() => flooded[Symbol.asyncDispose]());

  it("buffers a limited amount of unfinished emails of a source, and does not delay other sources", async () => {
    const at = flooded.node.smtpPort!;
    const config = { format: "raw", maxKib: 10_240 };
    const source = await flooded.source({ kind: "email", config }, false);
    const other = await flooded.source({ kind: "email" }, false);
    const line = `${"x".repeat(998)}\r\n`;
    const half = line.repeat(8 * 1024);
    const clients = await Promise.all(Array.from({ length: 12 }, () => SmtpConversation.open(at)));
    open.push(...clients);
    for (const [index, client] of clients.entries()) {
      await client.say("EHLO client.example.com");
      await client.say("MAIL FROM:<a@example.com>");
      await client.say(`RCPT TO:<${addressOf(source)}>`);
      expect(await client.say("DATA")).toMatch(/^354/);
      // Together they have 96 MiB, and a source may use 64.
      const written = client.socket.write(`Subject: ${index}\r\n\r\n${half}`);
      if (!written) await once(client.socket, "drain");
    }
    const mail = { from: "a@example.com", to: addressOf(other), raw: MAIL };
    expect(await sendRaw(at, mail)).toMatch(/^250/);
    const replies = await Promise.all(clients.map((client) => client.say(".")));
    const accepted = replies.filter((reply) => reply.startsWith("250"));
    const refused = replies.filter((reply) => reply.startsWith("451 4.3.1"));
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.length).toBeLessThanOrEqual(8);
    expect(accepted.length + refused.length).toBe(12);
    await eventually(async () => {
      const { json } = await flooded.call("GET", `ingest/api/v1/source/${source.id}/state`);
      expect(json["events"]).toBe(accepted.length);
    });
    // The memory is free again.
    expect(await sendRaw(at, { ...mail, to: addressOf(source), raw: `Subject: last\r\n\r\n${half}` })).toMatch(/^250/);
  });

  it.runIf(process.platform === "linux")("accepts up to 200 connections, 20 of each peer", async () => {
    const at = flooded.node.smtpPort!;
    for (const conversation of open.splice(0)) await conversation[Symbol.asyncDispose]();
    const peers = Array.from({ length: 11 }, (_, index) => `127.0.0.${index + 2}`);
    // All at once, because a connection without input for a minute is closed.
    const clients = await Promise.all(
      peers.flatMap((peer) => Array.from({ length: 20 }, () => SmtpConversation.open(at, peer))),
    );
    open.push(...clients);
    const greetings = await Promise.all(clients.map((client) => client.say("NOOP")));
    expect(greetings.filter((reply) => reply.startsWith("250"))).toHaveLength(200);
    expect(greetings.filter((reply) => /^421|^\(closed\)/.test(reply))).toHaveLength(20);
  });
});

describe("a node that receives emails", () => {
  it("encrypts with its certificate", async () => {
    using folder = temporaryFolder();
    await using lab = await startLab();
    const { good, ca } = lab.certificates;
    const [cert, key] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
    writeFileSync(cert, good.cert);
    writeFileSync(key, good.key);
    const env = { ...ENV, POSTHORN_SMTP_TLS_CERT: cert, POSTHORN_SMTP_TLS_KEY: key };
    await using own = await TestGateway.start(env);
    const source = await own.source({ kind: "email" }, false);
    const transport = createTransport({
      host: "127.0.0.1",
      port: own.node.smtpPort!,
      requireTLS: true,
      tls: { ca: ca.cert, servername: "localhost" },
    });
    await transport.sendMail({ from: "a@example.com", to: addressOf(source), text: "hi" });
    transport.close();
    const [message] = await own.messages(source);
    expect(message!["payload"]).toMatchObject({ envelope: { isEncrypted: true } });
  });

  it("does not start with a certificate that cannot be read, or a port that is in use", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "cert.pem");
    writeFileSync(file, "no certificate");
    const start = (env: Record<string, string>) => startNode(folder.path, { env: { ...ENV, ...env } });
    const missing = join(folder.path, "missing.pem");
    await expect(start({ POSTHORN_SMTP_TLS_CERT: file, POSTHORN_SMTP_TLS_KEY: missing })).rejects.toThrow(
      /POSTHORN_SMTP_TLS_CERT/,
    );
    await expect(start({ POSTHORN_SMTP_LISTEN: `127.0.0.1:${port}` })).rejects.toThrow(/POSTHORN_SMTP_LISTEN/);
  });

  it.each([
    [{ POSTHORN_SMTP_LISTEN: "127.0.0.1:25" }, "POSTHORN_SMTP_DOMAIN"],
    [{ POSTHORN_SMTP_DOMAIN: "localhost" }, "POSTHORN_SMTP_DOMAIN"],
    [{ POSTHORN_SMTP_TLS_CERT: "a.pem" }, "POSTHORN_SMTP_TLS_KEY"],
  ])("names the invalid setting: %j", (environment, name) => {
    expect(() => envToConfig(readEnv({ environment, dev: true }))).toThrow(name);
  });

  it("without a domain cannot have mail sources, and says which setting is missing", async () => {
    await using plain = await TestGateway.start();
    const { status, text: reason } = await plain.call("POST", "ingest/api/v1/source", { name: "Mails", kind: "email" });
    expect(status).toBe(422);
    expect(reason).toContain("POSTHORN_SMTP_DOMAIN");
  });
});
