/** Redis for tests. */
import { freePort } from "../free-port.ts";
import { dataFolder, debianProgram } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";
import { certificateFiles, type CounterpartTls } from "./tls.ts";

export interface TestRedis extends AsyncDisposable {
  readonly program: TestProgram;
  readonly port: number;
  /** Port for TLS; `null` without certificates. */
  readonly tlsPort: number | null;
  readonly password: string;
}

/**
 * @param args Further settings, such as `["--maxmemory", "4mb"]`.
 * @param tls Certificates of a second port, which requires TLS.
 */
export async function startRedis(args: readonly string[] = [], tls?: CounterpartTls): Promise<TestRedis> {
  const command = debianProgram("redis-server", "redis-server", "redis");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("redis")).path;
  const port = await freePort();
  const tlsPort = tls === undefined ? null : await freePort();
  const password = "redis-secret";
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--requirepass", password];
  const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
  const program = stack.use(
    new TestProgram({
      name: "Redis",
      command,
      args: [...settings, ...durable, ...(tls === undefined ? [] : tlsArguments(folder, tlsPort!, tls)), ...args],
      ready: () => reachPort(port, Buffer.from("PING\r\n")),
    }),
  );
  await program.start();
  return { program, port, tlsPort, password, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function tlsArguments(folder: string, port: number, tls: CounterpartTls): string[] {
  const { cert, key, clientCa } = certificateFiles(folder, tls);
  const files = ["--tls-port", String(port), "--tls-cert-file", cert, "--tls-key-file", key];
  // Redis requires an authority even if it asks for no certificate.
  return [...files, "--tls-ca-cert-file", clientCa ?? cert, "--tls-auth-clients", clientCa === null ? "no" : "yes"];
}
