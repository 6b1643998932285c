/** Mosquitto for tests: an MQTT broker with anonymous access, and one port with passwords. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { run } from "../system.ts";
import { dataFolder, debianProgram, programOnPath } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";

export interface TestMosquitto extends AsyncDisposable {
  readonly program: TestProgram;
  readonly port: number;
  /** Port that requires the user `alice` with the password `alice-secret`, who may write to `allowed/#` only. */
  readonly passwordPort: number;
}

export async function startMosquitto(extraLines = ""): Promise<TestMosquitto> {
  const command = debianProgram("mosquitto", "mosquitto", "mosquitto");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("mosquitto")).path;
  const [port, passwordPort] = [await freePort(), await freePort()];
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
user root
`,
  );
  const program = stack.use(
    new TestProgram({ name: "Mosquitto", command, args: ["-c", config], ready: () => reachPort(port) }),
  );
  await program.start();
  return { program, port, passwordPort, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
