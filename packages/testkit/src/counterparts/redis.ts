/** Redis for tests. */
import { freePort } from "../free-port.ts";
import { dataFolder, debianProgram } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { reachPort } from "./reach.ts";

export interface TestRedis extends AsyncDisposable {
  readonly program: TestProgram;
  readonly port: number;
  readonly password: string;
}

/** @param args Further settings, such as `["--maxmemory", "4mb"]`. */
export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const command = debianProgram("redis-server", "redis-server", "redis");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("redis")).path;
  const port = await freePort();
  const password = "redis-secret";
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--requirepass", password];
  const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
  const program = stack.use(
    new TestProgram({
      name: "Redis",
      command,
      args: [...settings, ...durable, ...args],
      ready: () => reachPort(port, Buffer.from("PING\r\n")),
    }),
  );
  await program.start();
  return { program, port, password, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
