/** Mailpit for tests: an SMTP server that keeps received emails and shows them over HTTP. */
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { dataFolder, goProgram } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";
import { certificateFiles, type CounterpartTls } from "./tls.ts";

const VERSION = "v1.33.1";

export interface MailSummary {
  readonly ID: string;
  readonly MessageID: string;
  readonly Subject: string;
}

/** An email as a mail program shows it. */
export interface ShownMail {
  readonly MessageID: string;
  readonly From: { readonly Address: string };
  readonly To: readonly { readonly Address: string }[];
  readonly Text: string;
  readonly HTML: string;
}

/** Mails read with one request. */
const PAGE = 1000;

export interface TestMailpit extends AsyncDisposable {
  readonly program: TestProgram;
  readonly smtpPort: number;
  /** The emails received so far, newest first. */
  mails(): Promise<readonly MailSummary[]>;
  mail(id: string): Promise<ShownMail>;
  /** Source text of a mail. */
  source(id: string): Promise<string>;
}

export interface MailpitTls extends CounterpartTls {
  /** TLS from the first byte, or after STARTTLS. */
  readonly mode: "tls" | "starttls";
}

/**
 * @param args Further flags, such as `["--smtp-max-message-size", "1"]`.
 * @param tls Certificates; absent: connections are not encrypted.
 */
export async function startMailpit(args: readonly string[] = [], tls?: MailpitTls): Promise<TestMailpit> {
  const command = await goProgram("github.com/axllent/mailpit", VERSION, "mailpit");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("mailpit")).path;
  const [smtpPort, httpPort] = [await freePort(), await freePort()];
  const program = stack.use(
    new TestProgram({
      name: "Mailpit",
      command,
      args: [
        `--smtp=127.0.0.1:${smtpPort}`,
        `--listen=127.0.0.1:${httpPort}`,
        `--database=${join(folder, "mails.db")}`,
        "--max=0",
        "--disable-version-check",
        ...(tls === undefined ? [] : tlsArguments(folder, tls)),
        ...args,
      ],
      env: { GOMEMLIMIT: "256MiB" },
      ready: async () => {
        await reachPort(smtpPort);
        await reachPort(httpPort);
      },
    }),
  );
  await program.start();
  const api = async (path: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${httpPort}/api/v1/${path}`);
    if (!response.ok) throw new Error(`Mailpit responded with ${response.status} to ${path}`);
    return response.text();
  };
  return {
    program,
    smtpPort,
    mails: async () => {
      // A mail that arrives between two requests moves others to the next page.
      const mails = new Map<string, MailSummary>();
      for (let start = 0; ; start += PAGE) {
        const { messages } = JSON.parse(await api(`messages?start=${start}&limit=${PAGE}`)) as {
          readonly messages: readonly MailSummary[];
        };
        for (const mail of messages) mails.set(mail.ID, mail);
        if (messages.length < PAGE) return [...mails.values()];
      }
    },
    mail: async (id) => JSON.parse(await api(`message/${id}`)) as ShownMail,
    source: (id) => api(`message/${id}/raw`),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function tlsArguments(folder: string, tls: MailpitTls): string[] {
  const { cert, key } = certificateFiles(folder, tls);
  return [
    `--smtp-tls-cert=${cert}`,
    `--smtp-tls-key=${key}`,
    tls.mode === "tls" ? "--smtp-require-tls" : "--smtp-require-starttls",
  ];
}
