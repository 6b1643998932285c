/** Mosquitto for tests: an MQTT broker with anonymous access, and one port with passwords. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { run } from "../system.ts";
import { dataFolder, debianProgram, programOnPath } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";
import { certificateFiles, type CounterpartTls } from "./tls.ts";

export interface TestMosquitto extends AsyncDisposable {
  readonly program: TestProgram;
  readonly port: number;
  /** Port that requires the user `alice` with the password `alice-secret`, who may write to `allowed/#` only. */
  readonly passwordPort: number;
  /** Port for TLS, with anonymous access; `null` without certificates. */
  readonly tlsPort: number | null;
}

/** @param tls Certificates of a third port, which requires TLS. */
export async function startMosquitto(extraLines = "", tls?: CounterpartTls): Promise<TestMosquitto> {
  const command = debianProgram("mosquitto", "mosquitto", "mosquitto");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("mosquitto")).path;
  const [port, passwordPort] = [await freePort(), await freePort()];
  const tlsPort = tls === undefined ? null : await freePort();
  const passwords = join(folder, "passwords");
  run(programOnPath("mosquitto_passwd")!, ["-b", "-c", passwords, "alice", "alice-secret"], null);
  const rules = join(folder, "rules");
  writeFileSync(rules, "user alice\ntopic readwrite allowed/#\n");
  const config = join(folder, "mosquitto.conf");
  writeFileSync(
    config,
    `per_listener_settings true
persistence true
persistence_location ${folder}/
autosave_interval 1
autosave_on_changes true
max_inflight_messages 0
max_queued_messages 0
${extraLines}
listener ${port} 127.0.0.1
allow_anonymous true
listener ${passwordPort} 127.0.0.1
allow_anonymous false
password_file ${passwords}
acl_file ${rules}
${tls === undefined ? "" : tlsListener(folder, tlsPort!, tls)}
user root
`,
  );
  const program = stack.use(
    new TestProgram({ name: "Mosquitto", command, args: ["-c", config], ready: () => reachPort(port) }),
  );
  await program.start();
  return { program, port, passwordPort, tlsPort, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function tlsListener(folder: string, port: number, tls: CounterpartTls): string {
  const { cert, key, clientCa } = certificateFiles(folder, tls);
  const clients = clientCa === null ? "" : `cafile ${clientCa}\nrequire_certificate true\n`;
  return `listener ${port} 127.0.0.1
allow_anonymous true
certfile ${cert}
keyfile ${key}
${clients}`;
}
