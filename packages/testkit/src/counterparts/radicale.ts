/** Radicale for tests: a CalDAV server with one user. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { dataFolder } from "./installed.ts";
import { TestProgram } from "./program.ts";
import { pythonPackage } from "./python.ts";

const VERSION = "3.9.0";
export const RADICALE_USER = { username: "ada", password: "ada-secret" };

export interface TestRadicale extends AsyncDisposable {
  readonly program: TestProgram;
  readonly url: string;
  /** Sends a request as the user. Rejects unless the response is 2xx. */
  request(method: string, path: string, body?: string, headers?: Record<string, string>): Promise<string>;
}

export async function startRadicale(): Promise<TestRadicale> {
  const { python, packages } = await pythonPackage("radicale", `radicale-${VERSION}`, `radicale==${VERSION}`);
  const stack = new AsyncDisposableStack();
  const folder = stack.use(dataFolder("radicale")).path;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { username, password } = RADICALE_USER;
  const users = join(folder, "users");
  writeFileSync(users, `${username}:${password}\n`);
  const config = join(folder, "config");
  writeFileSync(
    config,
    `[server]
hosts = 127.0.0.1:${port}
[auth]
type = htpasswd
htpasswd_filename = ${users}
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = ${join(folder, "collections")}
`,
  );
  const program = stack.use(
    new TestProgram({
      name: "Radicale",
      command: python,
      args: ["-m", "radicale", "--config", config],
      env: { PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" },
      ready: () => fetch(`${url}/.web/`).then((response) => response.arrayBuffer()),
    }),
  );
  await program.start();
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return {
    program,
    url,
    request: async (method, path, body, headers = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization, ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
