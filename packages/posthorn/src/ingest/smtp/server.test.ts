/** Limits of the SMTP server for peers that take long or send unusual emails, with a clock that the test sets. */
import { eventually, usedMemory } from "@posthorn/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SmtpConversation } from "../../../test/sources/smtp-client.ts";
import { InboundLimits } from "../limits.ts";
import type { LiveSource } from "../live-source.ts";
import type { ReceivedMail, Reply } from "./mail-intake.ts";
import { SmtpServer } from "./server.ts";

const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;
const SOURCE_BYTES = 64 * MIB;
const SOURCE = { key: 1 } as LiveSource;
const STORED: Reply = { code: 250, text: "2.6.0 Stored" };

describe("the SMTP server", () => {
  let now: number;
  let limits: InboundLimits;
  let server: SmtpServer;
  let receive: (mail: ReceivedMail) => Promise<Reply>;
  const open: SmtpConversation[] = [];

  beforeEach(async () => {
    now = 0;
    limits = new InboundLimits(() => 0);
    receive = () => Promise.resolve(STORED);
    server = await SmtpServer.start({
      intake: {
        limits,
        maxBytes: () => 10 * MIB,
        recipient: (address) => Promise.resolve({ source: SOURCE, address }),
        receive: (mail) => receive(mail),
      },
      listen: { host: "127.0.0.1", port: 0 },
      domain: "in.example.com",
      tls: null,
      maxBytes: 10 * MIB,
      now: () => now,
    });
  });
  afterEach(async () => {
    for (const conversation of open.splice(0)) await conversation[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  async function talk(): Promise<SmtpConversation> {
    const conversation = await SmtpConversation.open(server.port);
    open.push(conversation);
    expect(await conversation.say("EHLO client.example.com")).toMatch(/^250/);
    return conversation;
  }

  /** Whether the source may use this much more memory. */
  function fits(bytes: number): boolean {
    if (!limits.takeBytes(SOURCE.key, bytes)) return false;
    limits.giveBytes(SOURCE.key, bytes);
    return true;
  }

  /** Sends everything up to the content. */
  async function begin(client: SmtpConversation): Promise<void> {
    await client.say("MAIL FROM:<a@example.com>");
    await client.say("RCPT TO:<x@in.example.com>");
    expect(await client.say("DATA")).toMatch(/^354/);
  }

  it("closes a connection that begins no email for 5 minutes, although it is never idle", async () => {
    const [slow, fast] = [await talk(), await talk()];
    now = 4 * MINUTE_MS;
    await begin(fast);
    expect(await fast.say("Hello\r\n.")).toMatch(/^250/);
    expect(await slow.say("NOOP")).toMatch(/^250/);
    now = 6 * MINUTE_MS;
    expect(await slow.reply()).toMatch(/^421 4\.4\.2/);
    expect(await slow.reply()).toBe("(closed)");
    expect(await fast.say("NOOP")).toMatch(/^250/);
  });

  it("closes a connection whose email takes 5 minutes, frees its memory, and waits for emails that are being stored", async () => {
    const stored = Promise.withResolvers<Reply>();
    const started = Promise.withResolvers<void>();
    receive = () => {
      started.resolve();
      return stored.promise;
    };
    const [slow, complete] = [await talk(), await talk()];
    await begin(slow);
    slow.socket.write("x".repeat(5000));
    await begin(complete);
    complete.socket.write("Hello\r\n.\r\n");
    await started.promise;
    await eventually(() => expect(fits(SOURCE_BYTES - 4000)).toBe(false));
    now = 6 * MINUTE_MS;
    expect(await slow.reply()).toMatch(/^421 4\.4\.2/);
    stored.resolve(STORED);
    expect(await complete.reply()).toMatch(/^250/);
    await eventually(() => expect(fits(SOURCE_BYTES)).toBe(true));
  });

  it("needs little more memory for an email than it has bytes, however its content is divided", async () => {
    // The parser removes the first dot of each line, and passes on each line separately.
    const lines = 300_000;
    let received = 0;
    receive = ({ body }) => {
      received = body.byteLength;
      return Promise.resolve(STORED);
    };
    const client = await talk();
    await begin(client);
    const before = usedMemory();
    client.socket.write("..\r\n".repeat(lines));
    // The parser keeps four bytes.
    await eventually(() => expect(fits(SOURCE_BYTES - 3 * lines + 16)).toBe(false));
    // A view of each line would take 57 MiB.
    expect(usedMemory() - before).toBeLessThan(20 * MIB);
    expect(await client.say(".")).toMatch(/^250/);
    expect(received).toBe(3 * lines);
  });
});
