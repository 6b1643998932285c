/** fake-gcs-server for tests: the JSON API of Google Cloud Storage. It accepts any access token. */
import { freePort } from "../free-port.ts";
import { dataFolder, goProgram } from "./installed.ts";
import { TestProgram } from "./program.ts";

const VERSION = "v1.56.1";

export interface TestGcs extends AsyncDisposable {
  readonly program: TestProgram;
  readonly url: string;
}

export async function startFakeGcs(): Promise<TestGcs> {
  const command = await goProgram("github.com/fsouza/fake-gcs-server", VERSION, "gcs");
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("gcs")).path;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = stack.use(
    new TestProgram({
      name: "fake-gcs-server",
      command,
      args: [
        "-scheme=http",
        "-host=127.0.0.1",
        `-port=${port}`,
        "-backend=filesystem",
        `-filesystem-root=${folder}`,
        `-public-host=127.0.0.1:${port}`,
        "-log-level=error",
      ],
      env: { GOMEMLIMIT: "256MiB" },
      ready: () => fetch(`${url}/storage/v1/b?project=test`).then((response) => response.arrayBuffer()),
    }),
  );
  await program.start();
  return { program, url, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
