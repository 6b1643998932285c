/** Dovecot for tests: an IMAP server. Any user name works with the password `secret`. */
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { run } from "../system.ts";
import { dataFolder, debianProgram } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";
import { certificateFiles, type CounterpartTls } from "./tls.ts";

export const DOVECOT_PASSWORD = "secret";

export interface TestDovecot extends AsyncDisposable {
  readonly program: TestProgram;
  /** Without encryption, and with STARTTLS if there is a certificate. */
  readonly port: number;
  /** Port for TLS; `null` without a certificate. */
  readonly tlsPort: number | null;
}

export async function startDovecot(tls?: CounterpartTls): Promise<TestDovecot> {
  const command = debianProgram("dovecot", "dovecot-imapd", "dovecot");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("dovecot")).path;
  const [port, tlsPort] = [await freePort(), tls === undefined ? null : await freePort()];
  const id = (flag: string): number => Number(run("id", [flag, "daemon"], null));
  const [uid, gid] = [id("-u"), id("-g")];
  const mails = join(folder, "emails");
  mkdirSync(mails);
  chownSync(mails, uid, gid);
  // Processes of other accounts must be able to enter it.
  run("chmod", ["755", folder], null);
  const files = tls === undefined ? null : certificateFiles(folder, tls);
  const config = join(folder, "dovecot.conf");
  writeFileSync(
    config,
    `base_dir = ${join(folder, "run")}
state_dir = ${join(folder, "state")}
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:${mails}/%u
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
imap_idle_notify_interval = 1 secs
${files === null ? "ssl = no" : `ssl = yes\nssl_cert = <${files.cert}\nssl_key = <${files.key}`}
passdb {
  driver = static
  args = password=${DOVECOT_PASSWORD}
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${mails}/%u
}
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = ${tlsPort ?? 0}
  }
}
`,
  );
  const program = stack.use(
    new TestProgram({ name: "Dovecot", command, args: ["-F", "-c", config], ready: () => reachPort(port) }),
  );
  await program.start();
  return { program, port, tlsPort, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
