/** `posthorn doctor` and `posthorn health` in this process, in healthy and in broken environments. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startReceiver } from "@posthorn/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { runProgram } from "../src/cli/program.ts";
import { startNode } from "./support/posthorn.ts";
import { borrowDatabase } from "./support/postgres.ts";
import { onPostgres, temporaryFolder } from "./support/store.ts";

interface Report {
  readonly problems: number;
  readonly warnings: number;
  readonly findings: readonly {
    readonly check: string;
    readonly status: string;
    readonly found: string;
    readonly fix: string | null;
  }[];
}

afterEach(() => {
  process.exitCode = 0;
});

/** Runs a command, and returns what it printed and its exit code. */
async function command(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  let out = "";
  // The test run has its own variables, which are not settings.
  for (const name of Object.keys(process.env)) if (name.startsWith("POSTHORN_")) vi.stubEnv(name, undefined);
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => {
      out += String(text);
      return true;
    }),
  );
  try {
    const code = await runProgram(args);
    return { code: code === 0 ? Number(process.exitCode ?? 0) : code, out };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

async function doctor(...args: readonly string[]): Promise<Report & { readonly code: number }> {
  const { code, out } = await command("doctor", "--json", ...args);
  return { ...(JSON.parse(out) as Report), code };
}

function finding({ findings }: Report, check: string) {
  return findings.find((one) => one.check === check);
}

describe.skipIf(onPostgres)("posthorn doctor", () => {
  it("finds nothing wrong with a healthy server, and reaches a target as a delivery does", async () => {
    using folder = temporaryFolder();
    await using receiver = await startReceiver();
    await using node = await startNode(folder.path);
    expect(node.url).not.toBe("");
    const report = await doctor("--dev", "--data-dir", folder.path, "--url", receiver.url, "--deep");
    expect(report.findings.filter(({ status }) => status === "problem")).toEqual([]);
    expect(report).toMatchObject({ code: 0, problems: 0 });
    expect(finding(report, "egress")).toMatchObject({ status: "ok" });
    expect(finding(report, "database.schema")).toMatchObject({ status: "ok" });
    expect(finding(report, "database.integrity")).toMatchObject({ status: "ok" });
    expect(finding(report, "disk.fsync")?.found).toMatch(/^A write with fsync takes [\d.]+ ms/);
    expect(receiver.requests[0]).toMatchObject({ method: "HEAD" });
  });

  it("says what to do if others can read the secrets", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "encryption.key");
    writeFileSync(path, `${Buffer.alloc(32, 7).toString("base64")}\n`);
    chmodSync(path, 0o644);
    const report = await doctor("--data-dir", folder.path, "--offline");
    expect(report.code).toBe(1);
    expect(finding(report, "secrets.files")).toMatchObject({ status: "problem", fix: `Run \`chmod 600 ${path}\`.` });
  });

  it("reports an invalid database, and a target that the rules of the server block", async () => {
    using folder = temporaryFolder();
    writeFileSync(
      join(folder.path, "posthorn.db"),
      "this is no database, and long enough to be read as one".repeat(100),
    );
    const report = await doctor("--data-dir", folder.path, "--url", "http://127.0.0.1:1");
    expect(report.code).toBe(1);
    expect(finding(report, "database")).toMatchObject({
      status: "problem",
      found: expect.stringContaining("not a database"),
    });
    expect(finding(report, "egress")?.found).toContain("blocked");
  });

  it("reports a database that cannot be reached, and an invalid setting", async () => {
    using folder = temporaryFolder();
    const url = "postgres://posthorn@127.0.0.1:1/none";
    const report = await doctor("--data-dir", folder.path, "--offline", "--database-url", url);
    expect(finding(report, "database")).toMatchObject({
      status: "problem",
      fix: expect.stringContaining("POSTHORN_DATABASE_URL"),
    });
    const invalid = await doctor("--concurrency", "many");
    expect(invalid.findings).toEqual([
      expect.objectContaining({ check: "settings", found: expect.stringContaining("POSTHORN_CONCURRENCY is wrong") }),
    ]);
  });

  it("prints each finding with what to do, and counts them", async () => {
    using folder = temporaryFolder();
    const { out } = await command("doctor", "--data-dir", folder.path, "--offline");
    expect(out).toContain("ok       node");
    expect(out).toContain("→ Set POSTHORN_PUBLIC_URL");
    expect(out.trimEnd()).toMatch(/\d+ problems?, \d+ warnings?\.$/);
  });
});

describe.runIf(onPostgres)("posthorn doctor on PostgreSQL", () => {
  it("checks version, durability, clock, schema and nodes", async () => {
    using folder = temporaryFolder();
    const { url } = await borrowDatabase();
    const at = ["--data-dir", folder.path, "--offline", "--database-url", url];
    expect(finding(await doctor(...at), "database")).toMatchObject({ found: expect.stringMatching(/^PostgreSQL \d/) });
    await using node = await startNode(folder.path, { env: { POSTHORN_DATABASE_URL: url } });
    expect(node.url).not.toBe("");
    const report = await doctor(...at);
    for (const check of ["database", "database.schema", "clock.database", "nodes.version", "packages"]) {
      expect(finding(report, check)).toMatchObject({ check, status: "ok" });
    }
    // The test server runs without fsync, which the doctor has to notice.
    expect(finding(report, "database.durability")).toBeDefined();
  });
});

describe("posthorn health", () => {
  it("succeeds while a server accepts messages, and fails with a message if none responds", async () => {
    using folder = temporaryFolder();
    let listen: string;
    {
      await using node = await startNode(folder.path);
      listen = new URL(node.url).host;
      expect(await command("health", "--listen", listen)).toEqual({ code: 0, out: "healthy\n" });
      expect(await command("health", "--live", "--listen", listen)).toEqual({ code: 0, out: "healthy\n" });
    }
    const { code, out } = await command("health", "--listen", listen);
    expect(code).toBe(1);
    expect(out).toContain(`No server responds at ${listen}`);
  });
});
