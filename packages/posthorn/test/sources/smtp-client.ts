/** SMTP clients for tests: Nodemailer, and one that sends the exact text of a test. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createTransport } from "nodemailer";

/** Sends exactly these bytes. */
export async function sendRaw(
  port: number,
  mail: { readonly from: string; readonly to: string | readonly string[]; readonly raw: string | Buffer },
): Promise<string> {
  const transport = createTransport({ host: "127.0.0.1", port, ignoreTLS: true, name: "client.example.com" });
  try {
    const { from, raw } = mail;
    const { response } = await transport.sendMail({ envelope: { from, to: [mail.to].flat() }, raw });
    return response;
  } finally {
    transport.close();
  }
}

export const MAIL = [
  "From: Ada <ada@example.com>",
  "To: in@example.com",
  "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=",
  "Date: Mon, 02 Mar 2026 08:00:00 +0100",
  "Message-ID: <1@example.com>",
  "",
  "Hello",
  "",
].join("\r\n");

/** An SMTP session, line by line. */
export class SmtpConversation implements AsyncDisposable {
  readonly socket: Socket;
  #text = "";
  readonly #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString();
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** @param from Address of the client, if it matters. */
  static async open(port: number, from = "127.0.0.1"): Promise<SmtpConversation> {
    const socket = connect({ port, host: "127.0.0.1", localAddress: from });
    await once(socket, "connect");
    const conversation = new SmtpConversation(socket);
    await conversation.reply();
    return conversation;
  }

  /** Sends a line and returns the reply, which may have several lines. */
  say(line: string): Promise<string> {
    this.socket.write(`${line}\r\n`);
    return this.reply();
  }

  async reply(): Promise<string> {
    for (;;) {
      const end = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(this.#text);
      if (end !== null) {
        this.#text = this.#text.slice(end[0].length);
        return end[0].trim();
      }
      if (this.socket.destroyed || this.socket.readableEnded) return "(closed)";
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, "close");
  }
}
