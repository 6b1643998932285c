import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { jsonText, print, printTable, size } from "../output.ts";
import { withJson } from "../help.ts";

interface StorageOut {
  readonly bytes: number;
  readonly freeBytes: number;
  readonly disk: { readonly freeBytes: number } | null;
  readonly kinds: readonly {
    readonly kind: string;
    readonly stored: number;
    readonly bytes: number;
    readonly bytesADay: number;
    readonly keepDays: number;
    readonly steadyBytes: number;
  }[];
  readonly bytesADay: number;
  readonly steadyBytes: number;
  readonly fullInDays: number | null;
}

/** `posthorn storage`: shows stored data, daily growth and the disk forecast. */
export function addStorageCommand(program: Command): void {
  const command = withJson(
    program.command("storage").description("show stored data, daily growth and the disk forecast"),
    "StatsStorageOut",
  );
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    const storage = (await call(options, "GET", "/api/v1/stats/storage")) as unknown as StorageOut;
    if (options["json"] === true) return print(jsonText(storage, 2));
    const rows = storage.kinds.map(({ kind, stored, bytes, bytesADay, keepDays, steadyBytes }) => [
      kind,
      String(stored),
      size(bytes),
      size(bytesADay),
      `${keepDays} days`,
      size(steadyBytes),
    ]);
    printTable([["KIND", "ROWS", "SIZE", "PER DAY", "KEPT", "LEVELS OFF AT"], ...rows]);
    const { bytes, freeBytes, disk, bytesADay, steadyBytes, fullInDays } = storage;
    const full = fullInDays === null ? "the disk is large enough" : `the disk is full in ${fullInDays} days`;
    process.stdout.write(
      `\nThe database takes up ${size(bytes)}, of which ${size(freeBytes)} are free. ` +
        `It grows by ${size(bytesADay)} a day, and levels off at ${size(steadyBytes)}.\n` +
        (disk === null ? "" : `${size(disk.freeBytes)} are left on the disk: at this rate, ${full}.\n`),
    );
  });
}
