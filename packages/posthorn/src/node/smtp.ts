/** Starts the SMTP server of a node, with its certificate. */
import { readFileSync, statSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { MailIntake } from "../ingest/smtp/mail-intake.ts";
import type { SmtpServer, TlsFiles } from "../ingest/smtp/server.ts";
import { missingOf, SMTP_SERVER } from "../destinations/connections/installed.ts";
import { PosthornError } from "../lib/errors.ts";
import { type Logger, reporter } from "../lib/log.ts";

/** Interval at which the certificate files are checked. */
const RENEW_MS = 60_000;

/** @returns Its port; `null`: this node receives no emails. If it rejects, nothing listens. */
export async function startSmtp(
  config: Config,
  { mails, log }: { readonly mails: MailIntake; readonly log: Logger },
  stack: AsyncDisposableStack,
): Promise<number | null> {
  const { smtpListen: listen, smtpDomain: domain, maxInboundBytes: maxBytes } = config;
  if (listen === null) return null;
  if (missingOf([SMTP_SERVER]).length > 0) {
    throw new PosthornError(
      "config_invalid",
      `POSTHORN_SMTP_LISTEN needs a package that is not installed. Run "npm i ${SMTP_SERVER}" where Posthorn is installed, and restart it.`,
    );
  }
  const { SmtpServer: Server } = await import("../ingest/smtp/server.ts");
  const report = reporter(log);
  const files = certificateFiles(config);
  try {
    const server = stack.use(
      await Server.start({
        intake: mails,
        listen,
        domain,
        tls: files === null ? null : readTls(files),
        maxBytes,
      }),
    );
    if (files !== null) stack.use(renewing(server, files, (error) => report(error, RENEWAL_FAILED)));
    log.info({ port: server.port, domain }, "receiving emails");
    return server.port;
  } catch (cause) {
    if (cause instanceof PosthornError) throw cause;
    throw new PosthornError(
      "config_invalid",
      `Cannot receive emails on ${listen.host}:${listen.port} (${(cause as Error).message}). Check POSTHORN_SMTP_LISTEN, and that the program may use the port.`,
      { cause },
    );
  }
}

const RENEWAL_FAILED = "the certificate of the SMTP server could not be reloaded; the previous one stays in use";

interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

function certificateFiles({ smtpTlsCert: cert, smtpTlsKey: key }: Config): CertificateFiles | null {
  return cert === "" ? null : { cert, key };
}

function readTls({ cert, key }: CertificateFiles): TlsFiles {
  try {
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } catch (cause) {
    throw new PosthornError(
      "config_invalid",
      `The certificate of the SMTP server cannot be read (${(cause as Error).message}). Check POSTHORN_SMTP_TLS_CERT and POSTHORN_SMTP_TLS_KEY.`,
      { cause },
    );
  }
}

/** Uses renewed files, which programs such as certbot write. */
function renewing(
  server: Pick<SmtpServer, "renew">,
  files: CertificateFiles,
  onFailure: (error: unknown) => void,
): Disposable {
  const changedAt = (): number => Math.max(...[files.cert, files.key].map((file) => statSync(file).mtimeMs));
  let seen = changedAt();
  const timer = setInterval(() => {
    try {
      const now = changedAt();
      if (now === seen) return;
      server.renew(readTls(files));
      seen = now;
    } catch (error) {
      onFailure(error);
    }
  }, RENEW_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
