/** RabbitMQ for tests, with AMQP 0.9.1 and AMQP 1.0 on one port. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { run } from "../system.ts";
import { dataFolder, debianProgram, programOnPath } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";
import { certificateFiles, type CounterpartTls } from "./tls.ts";

/** Beginning of AMQP 0.9.1. Listening is not enough: the server must respond to it. */
const GREETING = Buffer.from("414d515000000901", "hex");

export interface TestRabbitMq extends AsyncDisposable {
  readonly program: TestProgram;
  readonly port: number;
  /** Port for TLS; `null` without certificates. */
  readonly tlsPort: number | null;
  /** `amqp://guest:guest@127.0.0.1:port`. */
  readonly url: string;
  /**
   * Evaluates Erlang expressions in the server, such as `vm_memory_monitor:set_vm_memory_high_watermark(0.4).`, and returns `{ok, result}`.
   * `rabbitmqctl` can do the same, but starts a virtual machine for each command, which takes seconds on a busy machine.
   */
  evaluate(expressions: string): string;
}

/** @param tls Certificates of a second port, which requires TLS. */
export async function startRabbitMq(tls?: CounterpartTls): Promise<TestRabbitMq> {
  const command = debianProgram("rabbitmq-server", "rabbitmq-server", "rabbitmq");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("rabbitmq")).path;
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()];
  const tlsPort = tls === undefined ? null : await freePort();
  const node = `posthorn${port}@localhost`;
  writeFileSync(join(folder, "enabled_plugins"), "[rabbitmq_amqp1_0].\n");
  writeFileSync(
    join(folder, "rabbitmq.conf"),
    `listeners.tcp.1 = 127.0.0.1:${port}
vm_memory_high_watermark.absolute = 256MB
disk_free_limit.absolute = 10MB
amqp1_0.default_vhost = /
log.file = false
log.console = true
log.console.level = error
${tls === undefined ? "" : tlsLines(folder, tlsPort!, tls)}`,
  );
  const env = {
    // The cookie is in this folder.
    HOME: folder,
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: node,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    // One scheduler, no busy waiting, and distribution on the loopback interface only.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none +P 65536",
    ERL_FLAGS: "-kernel inet_dist_use_interface {127,0,0,1}",
  };
  // RabbitMQ would start this name service in the background, where it outlives the server.
  const epmd = stack.use(
    new TestProgram({
      name: "epmd",
      command: programOnPath("epmd")!,
      args: ["-port", String(names), "-address", "127.0.0.1"],
      ready: () => reachPort(names),
    }),
  );
  await epmd.start();
  const program = stack.use(
    new TestProgram({
      name: "RabbitMQ",
      command: script(command),
      args: [],
      env,
      ready: () => reachPort(port, GREETING),
    }),
  );
  await program.start();
  return {
    program,
    port,
    tlsPort,
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    evaluate: (expressions) => {
      const cookie = readFileSync(join(folder, ".erlang.cookie"), "utf8");
      const pipe = `printf "%s\\n" "$0" | ERL_EPMD_PORT=${names} erl_call -sname ${node} -c ${cookie} -e`;
      const result = run("sh", ["-c", pipe, expressions], null);
      if (!result.startsWith("{ok,")) throw new Error(`RabbitMQ could not evaluate ${expressions}: ${result}`);
      return result;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function tlsLines(folder: string, port: number, tls: CounterpartTls): string {
  const { cert, key, clientCa } = certificateFiles(folder, tls);
  const clients =
    clientCa === null
      ? "ssl_options.verify = verify_none\n"
      : `ssl_options.cacertfile = ${clientCa}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
`;
  return `listeners.ssl.1 = 127.0.0.1:${port}
ssl_options.certfile = ${cert}
ssl_options.keyfile = ${key}
${clients}`;
}

/** Debian's programs on the PATH switch to the account `rabbitmq`; those in this folder run as the current user. */
function script(found: string): string {
  const name = found.split("/").at(-1)!;
  return debianScript(name) ?? found;
}

function debianScript(name: string): string | null {
  const places = run(
    "sh",
    ["-c", `ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/${name} 2>/dev/null || true`],
    null,
  );
  return places === "" ? null : places.split("\n").at(-1)!;
}
