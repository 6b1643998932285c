/**
 * Moto for tests: a server with the APIs of AWS. It keeps its data in memory only, does not check signatures, and handles one request at a
 * time (see `moto-server.py`).
 */
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { TestProgram } from "./program.ts";
import { pythonPackage } from "./python.ts";

const STARTER = fileURLToPath(new URL("moto-server.py", import.meta.url));
const VERSION = "5.2.5";
const SERVICES = "server,sqs,sns,events,kinesis,firehose,s3,sts";

export interface TestMoto extends AsyncDisposable {
  readonly program: TestProgram;
  /** The same for all services. */
  readonly url: string;
}

export interface MotoOptions {
  /** Interval at which Python switches threads; a short one exposes races. Default: 5 ms, as in Python. */
  readonly switchSeconds?: number;
}

export async function startMoto({ switchSeconds = 0.005 }: MotoOptions = {}): Promise<TestMoto> {
  const { python, packages } = await pythonPackage("moto", `moto-${VERSION}`, `moto[${SERVICES}]==${VERSION}`);
  const stack = new AsyncDisposableStack();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = stack.use(
    new TestProgram({
      name: "Moto",
      command: python,
      args: [STARTER, "-H", "127.0.0.1", "-p", String(port)],
      env: {
        PYTHONPATH: packages,
        PYTHONDONTWRITEBYTECODE: "",
        MOTO_CALL_RESET_API: "false",
        POSTHORN_TEST_SWITCH_SECONDS: String(switchSeconds),
      },
      ready: () => fetch(`${url}/moto-api/`).then((response) => response.arrayBuffer()),
    }),
  );
  await program.start();
  return { program, url, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
