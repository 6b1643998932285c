import { describe, expect, it } from "vitest";
import { tableCommand } from "./table-command.ts";

const CONFIG = { table: "shop.orders", app: "acme", appColumn: null, on: "insert,update", strict: false };

describe("the command for a table source", () => {
  it("has a flag for each field that is filled in", () => {
    expect(tableCommand(CONFIG, false)).toBe("posthorn tables add shop.orders --app acme --on insert,update");
    expect(tableCommand({ ...CONFIG, type: "order.{event}", strict: true }, true)).toBe(
      "posthorn tables add shop.orders --app acme --on insert,update --type 'order.{event}' --strict --dry-run",
    );
  });

  it("quotes values so that a shell passes them on unchanged", () => {
    expect(tableCommand({ ...CONFIG, on: null, when: "new.status = 'paid' AND $1 <> `x`" }, false)).toBe(
      String.raw`posthorn tables add shop.orders --app acme --when 'new.status = '\''paid'\'' AND $1 <> ${"`x`"}'`,
    );
  });

  it("needs a table, and either an application or its column", () => {
    expect(tableCommand({ ...CONFIG, table: null }, false)).toBeNull();
    expect(tableCommand({ ...CONFIG, app: null }, false)).toBeNull();
    expect(tableCommand({ ...CONFIG, appColumn: "tenant" }, false)).toBeNull();
    expect(tableCommand({ ...CONFIG, app: null, appColumn: "tenant" }, false)).toContain("--app-column tenant");
  });
});
