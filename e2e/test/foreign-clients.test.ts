/** The newest official clients in Python and Rust, each driving a server whose organisation is named as those clients' users name it. */
import { startServer, type TestServer } from "@posthorn/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClientCheck, runPythonClient, runRustClient, type ServerAccess } from "../lib/foreign-client.ts";

// A program is installed or built on its first run on a machine.
const INSTALL_MS = 900_000;

let server: TestServer;
let access: ServerAccess;

beforeAll(async () => {
  server = await startServer();
  access = { url: server.url, token: server.tokenOf("org_my_company-eu.1") };
});
afterAll(async () => server?.[Symbol.asyncDispose]());

test.each<[string, number, (access: ServerAccess) => Promise<readonly ClientCheck[]>]>([
  ["Python 2.9.1", 14, runPythonClient],
  ["Rust 2.9.1", 9, runRustClient],
])(
  "the %s client passes all its checks",
  async (_client, count, runClient) => {
    const checks = await runClient(access);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks).toHaveLength(count);
  },
  INSTALL_MS,
);
