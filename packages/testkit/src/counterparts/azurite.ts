/** Azurite for tests: the Blob service of Azure Storage. It verifies Shared Key signatures. */
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { run } from "../system.ts";
import { installOnce } from "./cache.ts";
import { dataFolder } from "./installed.ts";
import { TestProgram } from "./program.ts";

const VERSION = "3.37.0";

export interface TestAzurite extends AsyncDisposable {
  readonly program: TestProgram;
  /** Base URL of the account. */
  readonly url: string;
  readonly account: string;
  /** In base64. */
  readonly key: string;
}

export async function startAzurite(): Promise<TestAzurite> {
  const folder = await installOnce(`azurite-${VERSION}`, (making) => {
    const options = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts"];
    run("npm", ["install", "--prefix", making, ...options, `azurite@${VERSION}`], null);
  });
  const stack = new AsyncDisposableStack();
  const data = stack.use(dataFolder("azurite")).path;
  const port = await freePort();
  const account = "posthorntest";
  const key = Buffer.from("a key of the storage account of a test").toString("base64");
  const url = `http://127.0.0.1:${port}/${account}`;
  const program = stack.use(
    new TestProgram({
      name: "Azurite",
      command: process.execPath,
      args: [
        join(folder, "node_modules", "azurite", "dist", "src", "blob", "main.js"),
        "--blobHost=127.0.0.1",
        `--blobPort=${port}`,
        `--location=${data}`,
        "--silent",
        // It would report every start to its vendor.
        "--disableTelemetry",
        "--skipApiVersionCheck",
      ],
      env: { AZURITE_ACCOUNTS: `${account}:${key}` },
      ready: () => fetch(url).then((response) => response.arrayBuffer()),
    }),
  );
  await program.start();
  return { program, url, account, key, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
