import type { Command } from "commander";
import { addClientFlags, call } from "../client.ts";
import { jsonText, print, printTable } from "../output.ts";
import { withJson } from "../help.ts";

interface ListedKey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly owner: string | null;
}

/** `posthorn key list`: lists the keys of the organisation, without their secret parts. */
export function addKeyListCommand(key: Command): void {
  const command = withJson(key.command("list").description("list the API keys of the organisation"), {
    kind: "page",
    model: "ApiKeyOut",
  });
  addClientFlags(command).action(async (options: Record<string, unknown>) => {
    const keys: ListedKey[] = [];
    const rows: string[][] = [["ID", "CREATED", "EXPIRES", "LAST USED", "OWNER", "NAME"]];
    let iterator: string | null = null;
    for (;;) {
      const query: string = iterator === null ? "" : `&iterator=${iterator}`;
      const page = await call(options, "GET", `/api/v1/auth/api-key?limit=250${query}`);
      keys.push(...(page["data"] as ListedKey[]));
      for (const { id, name, createdAt, expiresAt, lastUsedAt, owner } of page["data"] as ListedKey[]) {
        rows.push([id, createdAt, expiresAt ?? "never", lastUsedAt ?? "never", owner ?? "-", name]);
      }
      if (page["done"] === true) break;
      iterator = page["iterator"] as string;
    }
    if (options["json"] === true) print(jsonText({ data: keys }, 2));
    else printTable(rows);
  });
}
