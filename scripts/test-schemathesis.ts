/**
 * Starts a server and runs schemathesis against its OpenAPI document: first the API, then the sources under `/ingest`, each for half of the
 * time. Fails on a 5xx response and on a response that violates its schema. Options: `-- --minutes 10 --seed 1`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startServer } from "@posthorn/testkit";

const VERSION = "4.32.5";
/** Checks that find errors of the server. The others find errors in the document. */
const CHECKS = ["not_a_server_error", "response_schema_conformance", "content_type_conformance"];
/** An endless stream, and the operation that would revoke the token of the run. */
const EXCLUDED = ["v1.live", "v1.authentication.logout"];
const PARTS = [
  { name: "API", paths: "^/api/" },
  { name: "sources", paths: "^/ingest/" },
];

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string" } },
});
const seconds = Math.max(1, Math.round((Number(values.minutes) * 60) / PARTS.length));
const folder = mkdtempSync(join(tmpdir(), "posthorn-schemathesis-"));
try {
  process.exitCode = await run(install());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Installs schemathesis into a separate folder. Returns the path of the program. */
function install(): string {
  const venv = join(folder, "venv");
  const steps: [string, string[]][] = [
    ["python3", ["-m", "venv", venv]],
    [join(venv, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", `schemathesis==${VERSION}`]],
  ];
  for (const [command, args] of steps) {
    const { status, error } = spawnSync(command, args, { stdio: "inherit" });
    if (status === 0) continue;
    const reason = error === undefined ? `exited with code ${String(status)}` : error.message;
    throw new Error(`Cannot install schemathesis: ${command} ${reason}. Install python3 with venv and pip.`);
  }
  return join(venv, "bin", "schemathesis");
}

async function run(program: string): Promise<number> {
  await using server = await startServer();
  const failed: string[] = [];
  for (const { name, paths } of PARTS) {
    console.log(`\n${name}: ${seconds} s`);
    const options = {
      header: `Authorization: Bearer ${server.token}`,
      "include-path-regex": paths,
      checks: CHECKS.join(","),
      "max-time": String(seconds),
      "request-timeout": "20",
      "suppress-health-check": "all",
      warnings: "off",
      ...(values.seed === undefined ? {} : { seed: values.seed }),
    };
    const args = [
      "run",
      `${server.url}/api/v1/openapi.json`,
      "--continue-on-failure",
      "--no-color",
      ...Object.entries(options).map(([option, value]) => `--${option}=${value}`),
      ...EXCLUDED.map((id) => `--exclude-operation-id=${id}`),
    ];
    // It writes its findings to the working directory.
    const { status } = spawnSync(program, args, { cwd: folder, stdio: "inherit" });
    if (status !== 0) failed.push(name);
    const health = await fetch(`${server.url}/health/live`);
    if (!health.ok) failed.push(`${name}: the server no longer responds`);
  }
  console.log(failed.length === 0 ? "\nNo 5xx responses and no schema violations." : `\nFailed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}
