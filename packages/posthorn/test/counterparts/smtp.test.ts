import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { eventually } from "@posthorn/testkit";
import { isSkipped, startMailpit, type TestMailpit } from "@posthorn/testkit/counterparts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accepted, ALL_BYTES, messageOf, openConnector, rejected, type TestConnector } from "./support.ts";

const ADDRESSES = { from: "webhooks@example.com", to: "team@example.com" };

/** A mail server that gives fixed replies to commands. */
async function scriptedServer(replies: Readonly<Record<string, string>>): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let isData = false;
    let rest = "";
    socket.write("220 test ESMTP\r\n");
    socket.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\r\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (isData && line !== ".") continue;
        const name = isData ? "." : line.split(/[ :]/)[0]!.toUpperCase();
        isData = name === "DATA" && (replies["DATA"] ?? "354").startsWith("354");
        const usual =
          { EHLO: "250-test\r\n250 AUTH PLAIN", DATA: "354 go ahead", AUTH: "235 ok", QUIT: "221 bye" }[name] ??
          "250 ok";
        socket.write(`${replies[name] ?? usual}\r\n`);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe.skipIf(isSkipped("mailpit"))("Email", () => {
  let mailpit: TestMailpit;
  let connector: TestConnector;
  const configOf = (changes: object = {}) => ({
    host: "127.0.0.1",
    port: mailpit.smtpPort,
    security: "none",
    ...ADDRESSES,
    ...changes,
  });

  beforeAll(async () => {
    mailpit = await startMailpit();
    connector = openConnector();
  });
  afterAll(async () => {
    await connector?.[Symbol.asyncDispose]();
    await mailpit?.[Symbol.asyncDispose]();
  });

  it("contains the payload as text, under the ID of the message", async () => {
    const message = messageOf('{"text": "größer\\n."}\n.\nend');
    const { reference } = accepted(
      await connector.send("smtp", configOf({ subject: "{{eventType}} {{ messageId }}" }), message),
    );
    expect(reference).toBe(`<${message.id}@example.com>`);
    const [mail] = await mailpit.mails();
    expect(mail).toMatchObject({ MessageID: `${message.id}@example.com`, Subject: `invoice.paid ${message.id}` });
    const source = await mailpit.source(mail!.ID);
    expect(source).toMatch(/^webhook-signature: v1,signature\r?$/im);
    expect(source).toMatch(/^Date: Fri, 02 Jan 2026 03:04:05 \+0000\r?$/m);
  });

  it("has a payload that is not text as an attachment", async () => {
    accepted(
      await connector.send("smtp", configOf(), messageOf(ALL_BYTES, { contentType: "application/octet-stream" })),
    );
    const [mail] = await mailpit.mails();
    const source = (await mailpit.source(mail!.ID)).replaceAll(/\r?\n/g, "");
    expect(source).toContain(Buffer.from(ALL_BYTES).toString("base64"));
  });

  it("never lets a header of the message change recipients or content", async () => {
    const attributes = [
      ["Bcc", "thief@example.com"],
      ["Content-Type", "text/html"],
      ["x-note", "a\r\nBcc: thief@example.com"],
    ] as const;
    accepted(
      await connector.send(
        "smtp",
        configOf({ subject: "{{eventId}}" }),
        messageOf("{}", { attributes, eventId: "a\r\nBcc: thief@example.com" }),
      ),
    );
    const [mail] = await mailpit.mails();
    const source = await mailpit.source(mail!.ID);
    expect(source).not.toMatch(/^bcc:/im);
    expect(source).toMatch(/^content-type: text\/plain/im);
  });

  /** The parts of an email, decoded, by their type. */
  const partsOf = async (config: object, message: ReturnType<typeof messageOf>) => {
    accepted(await connector.send("smtp", configOf(config), message));
    const [mail] = await mailpit.mails();
    const [source, shown] = [await mailpit.source(mail!.ID), await mailpit.mail(mail!.ID)];
    return { source, ...shown };
  };

  it("has an HTML part with title, fields and link, in which every text of the event is escaped", async () => {
    const payload = {
      message: '<script>alert(1)</script> & "quoted"',
      customer: '<img src=x onerror="alert(2)">',
      url: "https://example.com/?a=1&b=<2>",
      "<b>name</b>": "bold",
    };
    const { HTML, Text, source } = await partsOf({}, messageOf(JSON.stringify(payload)));
    expect(source).toMatch(/^content-type: multipart\/alternative/im);
    expect(HTML).toContain("Invoice paid");
    expect(HTML).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quoted&quot;");
    expect(HTML).toContain("&lt;img src=x onerror=&quot;alert(2)&quot;&gt;");
    expect(HTML).toContain('href="https://example.com/?a=1&amp;b=%3C2%3E"');
    expect(HTML).not.toMatch(/<script|<img|<b>name|src="|@import|<link/i);
    expect(JSON.parse(Text)).toEqual(payload);
  });

  it("is plain text only if the HTML part is turned off", async () => {
    const { HTML, source } = await partsOf({ html: false }, messageOf());
    expect(HTML).toBe("");
    expect(source).toMatch(/^content-type: text\/plain/im);
  });

  it("contains a link to unsubscribe if there is one, and never requests automatic replies", async () => {
    const without = await partsOf({}, messageOf());
    expect(without.source).not.toMatch(/^list-unsubscribe/im);
    expect(without.source).toMatch(/^auto-submitted: auto-generated\r?$/im);
    for (const unsubscribe of ["https://example.com/off?a=1&b=2", "mailto:off@example.com?subject=off"]) {
      const { source } = await partsOf({ unsubscribe }, messageOf());
      expect(source.replaceAll(/\r?\n[ \t]+/g, " ")).toContain(`List-Unsubscribe: <${unsubscribe}>`);
    }
  });

  it("has the same Message-ID in every attempt", async () => {
    const message = messageOf();
    const first = await partsOf({}, message);
    const second = await partsOf({}, message);
    expect(first.MessageID).toBe(`${message.id}@example.com`);
    expect(second.MessageID).toBe(first.MessageID);
  });

  it("keeps long lines and non-ASCII characters through servers limited to 7 bits and 998 characters per line", async () => {
    const payload = JSON.stringify({ text: `größer 漢字 🎉 ${"a".repeat(5000)}${"ü".repeat(3000)}` });
    const { source, Text, HTML } = await partsOf({ subject: "Größer 🎉 {{eventType}}" }, messageOf(payload));
    expect(Math.max(...source.split(/\r?\n/).map((line) => line.length))).toBeLessThanOrEqual(998);
    // oxlint-disable-next-line no-control-regex -- finds bytes beyond ASCII
    expect(source).not.toMatch(/[^\x00-\x7f]/);
    expect(Text.trim()).toBe(payload);
    expect(HTML).toContain("größer 漢字 🎉");
    const [mail] = await mailpit.mails();
    expect(mail!.Subject).toBe("Größer 🎉 invoice.paid");
  });

  it("sends internationalised domains in their ASCII form", async () => {
    const config = { from: "webhooks@münchen.example", to: "team@bücher.example, second@example.com" };
    const message = messageOf();
    const { MessageID, From, To } = await partsOf(config, message);
    expect(MessageID).toBe(`${message.id}@xn--mnchen-3ya.example`);
    expect([From, ...To].map(({ Address }) => Address)).toEqual([
      "webhooks@xn--mnchen-3ya.example",
      "team@xn--bcher-kva.example",
      "second@example.com",
    ]);
  });

  const replies = [
    ["wrong credentials", { AUTH: "535 5.7.8 wrong" }, "closed", "credentials_refused"],
    ["a sender that is not allowed", { MAIL: "550 5.7.1 no" }, "closed", "target_not_found"],
    ["an unknown recipient", { RCPT: "550 5.1.1 unknown" }, "closed", "target_not_found"],
    ["a recipient with greylisting", { RCPT: "451 4.7.1 later" }, "retry", "target_unavailable"],
    ["a server that shuts down", { MAIL: "421 4.3.2 shutting down" }, "later", "target_unavailable"],
    ["content that is refused", { ".": "554 5.7.1 spam" }, "refused", "message_invalid"],
    ["a message that is too large", { ".": "552 5.3.4 too large" }, "refused", "message_too_large"],
    ["a full mailbox", { ".": "452 4.2.2 full" }, "retry", "target_unavailable"],
  ] as const;
  it.each(replies)("reports %s", async (_what, script, kind, code) => {
    await using server = await scriptedServer(script);
    const config = configOf({ port: server.port, username: "me", password: "mail-secret" });
    expect(rejected(await connector.send("smtp", config, messageOf()), kind, code)).not.toContain("mail-secret");
  });

  it("is not sent in plain text if STARTTLS is required", async () => {
    rejected(
      await connector.send("smtp", configOf({ security: "starttls" }), messageOf()),
      "retry",
      "connection_failed",
    );
  });

  it("is retried when the server is killed before it has accepted", async () => {
    mailpit.program.freeze();
    const sent = connector.send("smtp", configOf(), messageOf());
    await new Promise((resolve) => setTimeout(resolve, 200));
    await mailpit.program.kill();
    expect(await sent).toMatchObject({ kind: "items", results: [{ kind: "retry" }] });
    await mailpit.program.start();
    await eventually(async () => accepted(await connector.send("smtp", configOf(), messageOf())));
  });
});
