import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { jsonText, print, printTable } from "../output.ts";
import { withJson } from "../help.ts";

interface EncryptionOut {
  readonly rootKey: string;
  readonly keys: readonly {
    readonly id: number;
    readonly state: string;
    readonly rootKey: string;
    readonly createdAt: string;
    readonly sealingSince: string | null;
    readonly destroyedAt: string | null;
  }[];
  readonly nodes: readonly {
    readonly id: number;
    readonly host: string;
    readonly rootKey: string;
    readonly sealing: number;
  }[];
}

/** `posthorn keys list`: shows the data keys of the server, and which one each node uses. */
export function addKeysListCommand(keys: Command): void {
  const command = withJson(
    keys.command("list").description("list the data keys of the server, and the one that each node uses"),
    "EncryptionOut",
  );
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    const encryption = (await call(options, "GET", "/api/v1/encryption")) as unknown as EncryptionOut;
    if (options["json"] === true) return print(jsonText(encryption, 2));
    const rows = encryption.keys.map(({ id, state, rootKey, createdAt, destroyedAt }) => [
      String(id),
      state,
      state === "destroyed" ? "-" : rootKey,
      createdAt,
      destroyedAt ?? "",
    ]);
    printTable([["KEY", "STATE", "ROOT KEY", "CREATED", "DESTROYED"], ...rows]);
    print("");
    const nodes = encryption.nodes.map(({ id, host, rootKey, sealing }) => [
      String(id),
      host,
      rootKey,
      String(sealing),
    ]);
    printTable([["NODE", "HOST", "ROOT KEY", "ENCRYPTS WITH"], ...nodes]);
  });
}
