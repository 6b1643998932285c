import type { Command } from "commander";
import { readToolEnvironment } from "../../config/env.ts";
import { verifyFiles } from "../../store/backup/folder.ts";
import { type Manifest, readManifest } from "../../store/backup/manifest.ts";
import { requireKnownSchema } from "../../store/backup/schema.ts";
import { print } from "../output.ts";
import { describe } from "./create.ts";
import { byteProgress } from "./progress.ts";
import { withJson } from "../help.ts";
import { MANIFEST } from "../json.ts";

/** `posthorn backup verify`: checks a backup without a server. */
export function addBackupVerifyCommand(backup: Command): void {
  withJson(
    backup
      .command("verify")
      .description("check that a backup is complete and unchanged, and that this version can restore it"),
    { kind: "own", schema: MANIFEST },
  )
    .argument("<folder>", "folder that `posthorn backup` wrote")
    .option("--pg-restore <path>", "PostgreSQL: program to use", "pg_restore")
    .option("--quiet", "print no progress")
    .action(async (folder: string, _own: unknown, command: Command) => {
      const options: Record<string, unknown> = command.optsWithGlobals();
      const manifest = await verifyBackup(folder, options);
      if (options["json"] === true) print(JSON.stringify(manifest, null, 2));
      else print(`${describe(folder, manifest)}\nThe backup is complete and unchanged.`);
    });
}

/** Checks the manifest, the schema, the checksums of all files, and the structure of the database in them. */
export async function verifyBackup(folder: string, options: Record<string, unknown>): Promise<Manifest> {
  const manifest = readManifest(folder);
  requireKnownSchema(manifest);
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const show = byteProgress("checked", options);
  let done = 0;
  await verifyFiles(folder, manifest, (bytes) => show((done += bytes), total));
  if (manifest.database === "sqlite") {
    const { checkSqlite } = await import("../../store/backup/sqlite.ts");
    checkSqlite(folder);
  } else {
    const { checkDump } = await import("../../store/backup/postgres.ts");
    await checkDump(folder, { program: String(options["pgRestore"]), environment: readToolEnvironment() });
  }
  return manifest;
}
