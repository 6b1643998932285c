/** NATS with JetStream for tests. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { dataFolder, goProgram } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";
import { certificateFiles, type CounterpartTls } from "./tls.ts";

const VERSION = "v2.15.3";

export interface TestNats extends AsyncDisposable {
  readonly program: TestProgram;
  readonly port: number;
}

/**
 * @param lines Further lines of the configuration, such as `authorization { token: "t" }`.
 * @param sync When JetStream writes to the disk: `always` before it acknowledges a message, or an interval such as `2m`, its default.
 * @param tls Certificates; absent: connections are not encrypted.
 * @param maxPayload Size of the largest message, up to 64 MB.
 */
export async function startNats(
  lines = "",
  sync = "always",
  tls?: CounterpartTls,
  maxPayload = "1MB",
): Promise<TestNats> {
  const command = await goProgram("github.com/nats-io/nats-server/v2", VERSION, "nats");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("nats")).path;
  const port = await freePort();
  const config = join(folder, "nats.conf");
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"
max_payload: ${maxPayload}
jetstream { store_dir: "${folder}/jetstream", max_mem: 64MB, max_file: 1GB, sync_interval: ${sync} }
${tls === undefined ? "" : tlsLines(folder, tls)}
${lines}
`,
  );
  const program = stack.use(
    new TestProgram({
      name: "NATS",
      command,
      args: ["-c", config],
      env: { GOMEMLIMIT: "256MiB" },
      ready: () => reachPort(port, Buffer.from("PING\r\n")),
    }),
  );
  await program.start();
  return { program, port, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function tlsLines(folder: string, tls: CounterpartTls): string {
  const { cert, key, clientCa } = certificateFiles(folder, tls);
  const clients = clientCa === null ? "" : `, ca_file: "${clientCa}", verify: true`;
  return `tls { cert_file: "${cert}", key_file: "${key}"${clients} }`;
}
