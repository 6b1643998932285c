/** Moto for tests: a server with the APIs of AWS. It keeps everything in memory, so that its data ends with it. It checks no signatures. */
import { freePort } from "../free-port.ts";
import { installPackage, run } from "../system.ts";
import { installOnce } from "./cache.ts";
import { programOnPath } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { missing } from "./skipped.ts";

const VERSION = "5.2.5";
const SERVICES = "server,sqs,sns,events,kinesis,firehose,s3,sts";

export interface TestMoto extends AsyncDisposable {
  readonly program: TestProgram;
  /** The same for all services. */
  readonly url: string;
}

export async function startMoto(): Promise<TestMoto> {
  const python = pythonWithPip();
  const packages = await installOnce(`moto-${VERSION}`, (making) => {
    run(
      python,
      ["-m", "pip", "install", "-q", "--no-compile", "--target", making, `moto[${SERVICES}]==${VERSION}`],
      null,
    );
  });
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

function pythonWithPip(): string {
  if (programOnPath("python3") === null) installPackage("python3");
  const python = programOnPath("python3");
  if (python === null) throw missing("moto", "Install Python 3, which runs Moto.");
  try {
    run(python, ["-m", "pip", "--version"], null);
  } catch {
    installPackage("python3-pip");
  }
  return python;
}
