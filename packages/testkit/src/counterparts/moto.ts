/** Moto for tests: a server with the APIs of AWS. It keeps everything in memory, so that its data ends with it. It checks no signatures. */
import { freePort } from "../free-port.ts";
import { TestProgram } from "./program.ts";
import { pythonPackage } from "./python.ts";

const VERSION = "5.2.5";
const SERVICES = "server,sqs,sns,events,kinesis,firehose,s3,sts";

export interface TestMoto extends AsyncDisposable {
  readonly program: TestProgram;
  /** The same for all services. */
  readonly url: string;
}

export async function startMoto(): Promise<TestMoto> {
  const { python, packages } = await pythonPackage("moto", `moto-${VERSION}`, `moto[${SERVICES}]==${VERSION}`);
  const stack = new AsyncDisposableStack();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = stack.use(
    new TestProgram({
      name: "Moto",
      command: python,
      args: ["-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", String(port)],
      env: { PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "", MOTO_CALL_RESET_API: "false" },
      ready: () => fetch(`${url}/moto-api/`).then((response) => response.arrayBuffer()),
    }),
  );
  await program.start();
  return { program, url, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
