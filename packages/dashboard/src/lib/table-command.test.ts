import { describe, expect, it } from "vitest";
import { tableCommand } from "./table-command.ts";

const CONFIG = { table: "shop.orders", app: "acme", appColumn: null, on: "insert,update", strict: false };

const ADD = { isDryRun: false, org: null };
const TRY = { isDryRun: true, org: null };

describe("the command for a table source", () => {
  it("has a flag for each field that is filled in", () => {
    expect(tableCommand(CONFIG, ADD)).toBe("posthorn tables add shop.orders --app acme --on insert,update");
    expect(tableCommand({ ...CONFIG, type: "order.{event}", strict: true }, TRY)).toBe(
      "posthorn tables add shop.orders --app acme --on insert,update --type 'order.{event}' --strict --dry-run",
    );
  });

  it("names the organisation, if the reader can see several: an external ID may exist in each", () => {
    expect(tableCommand(CONFIG, { ...TRY, org: "org_1" })).toBe(
      "posthorn tables add shop.orders --app acme --on insert,update --org org_1 --dry-run",
    );
  });

  it("quotes values so that a shell passes them on unchanged", () => {
    expect(tableCommand({ ...CONFIG, on: null, when: "new.status = 'paid' AND $1 <> `x`" }, ADD)).toBe(
      String.raw`posthorn tables add shop.orders --app acme --when 'new.status = '\''paid'\'' AND $1 <> ${"`x`"}'`,
    );
  });

  it("needs a table, and either an application or its column", () => {
    expect(tableCommand({ ...CONFIG, table: null }, ADD)).toBeNull();
    expect(tableCommand({ ...CONFIG, app: null }, ADD)).toBeNull();
    expect(tableCommand({ ...CONFIG, appColumn: "tenant" }, ADD)).toBeNull();
    expect(tableCommand({ ...CONFIG, app: null, appColumn: "tenant" }, ADD)).toContain("--app-column tenant");
  });
});
