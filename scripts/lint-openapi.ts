/** Checks the OpenAPI document with redocly and spectral, which it installs into a temporary folder. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publishedDocument } from "../packages/posthorn/src/api/document.ts";

const PACKAGES = ["@redocly/cli@2.77.0", "@stoplight/spectral-cli@6.16.3"];

/** A WebSocket opens with 101, which the rule does not accept as a success. */
const SPECTRAL = `extends: ["spectral:oas"]
overrides:
  - files: ["openapi.json#/paths/~1api~1v1~1relay~1socket/get"]
    rules: { operation-success-response: "off" }
`;

const folder = mkdtempSync(join(tmpdir(), "posthorn-openapi-"));
const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };

/** Runs a program in the temporary folder. Returns whether it succeeded. */
function succeeds(program: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(program, args, { cwd: folder, stdio: "inherit", env });
  if (error !== undefined) throw new Error(`Cannot run ${program}: ${error.message}`);
  return status === 0;
}

try {
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, ".spectral.yaml"), SPECTRAL);
  writeFileSync(join(folder, "openapi.json"), JSON.stringify(await publishedDocument("https://posthorn.test")));
  const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", ...PACKAGES];
  if (!succeeds("npm", install)) throw new Error("Cannot install the programs that check the document.");
  const bin = join(folder, "node_modules", ".bin");
  const isClean = [
    succeeds(join(bin, "redocly"), ["lint", "openapi.json"]),
    succeeds(join(bin, "spectral"), ["lint", "--fail-severity=warn", "openapi.json"]),
  ];
  process.exitCode = isClean.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
