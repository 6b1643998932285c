/** The newest official clients in Python and Rust against a server with the organisation name that their users would have. */
import { startServer, type TestServer } from "@posthorn/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClientCheck, runPythonClient, runRustClient, type ServerAccess } from "../lib/foreign-client.ts";

// The first run on a machine installs or builds a program.
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
