/** Commands of `posthorn users`, and how the audit log names the person who ran them. */
import { hostname, userInfo } from "node:os";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { totpAt } from "../../src/domain/user/totp.ts";
import { codeOf, join, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const PASSWORD = "green-lanterns-drift-away";

const folder = temporaryFolder();
let node: TestNode;
let owner: TestBrowser;

beforeAll(async () => {
  node = await startNode(folder.path);
  owner = await ownerOf(node);
});

afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function command(
  args: readonly string[],
  token = node.token,
): Promise<{ readonly code: number; readonly text: string }> {
  const written: string[] = [];
  const write = (text: unknown): boolean => written.push(String(text)) > 0;
  const out = vi.spyOn(process.stdout, "write").mockImplementation(write);
  const error = vi.spyOn(process.stderr, "write").mockImplementation(write);
  try {
    const code = await runProgram([...args, "--url", node.url, "--token", token]);
    return { code, text: written.join("") };
  } finally {
    out.mockRestore();
    error.mockRestore();
  }
}

interface Entry {
  readonly action: string;
  readonly actor: object;
  readonly detail: { readonly facts?: object };
}

async function lastEntry(action: string): Promise<Entry> {
  const { json } = await new Tenant(node).call("GET", `audit?limit=1&action=${action}`);
  return (json["data"] as Entry[])[0]!;
}

const operator = `${userInfo().username}@${hostname()}`;

describe("posthorn users", () => {
  it("invite prints a link with which the person creates their account", async () => {
    const { code, text } = await command(["users", "invite", "Grace@Engines.example", "--role", "support"]);
    expect(code).toBe(0);
    const accepted = await new TestBrowser(node).send("POST", "sign-in/invitation/accept", {
      code: codeOf(text.trim()),
      name: "Grace",
      password: PASSWORD,
    });
    expect(accepted.status).toBe(200);
    expect(await lastEntry("v1.invitation.create")).toMatchObject({
      actor: { kind: "cli", id: null, name: operator },
    });
  });

  it("invite limits the role to an application, and rejects an unknown role and an address that already has one", async () => {
    await new Tenant(node).call("POST", "app", { name: "Acme", uid: "acme" });
    const invited = await command(["users", "invite", "anna@engines.example", "--role", "viewer", "--app", "acme"]);
    expect(invited.code).toBe(0);
    expect((await owner.send("GET", "invitation")).json["data"]).toMatchObject([
      { email: "anna@engines.example", app: expect.stringMatching(/^app_/) as unknown },
    ]);
    const unknown = await command(["users", "invite", "anna@engines.example", "--role", "king"]);
    expect([unknown.code, unknown.text]).toEqual([1, expect.stringContaining("role")]);
    const member = await command(["users", "invite", "grace@engines.example"]);
    expect([member.code, member.text]).toEqual([1, expect.stringContaining("already has a role here")]);
  });

  it("list shows each user with role, state and second factor", async () => {
    const { code, text } = await command(["users", "list"]);
    expect(code).toBe(0);
    const [head = "", ...rows] = text.trim().split("\n");
    expect(head).toMatch(/^ID +EMAIL +ROLE +STATE +SECOND FACTOR +LAST SIGN-IN +NAME/);
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatch(/^usr_\S+ +grace@engines\.example +support +active +no +20\d\d-\S+ +Grace/);
  });

  it("reset-link prints a link for a new password, and removes a second factor that was lost", async () => {
    const browser = await join(node, owner, { email: "lost@engines.example", role: "viewer" });
    const { json } = await browser.send("POST", "profile/second-factor", { currentPassword: PASSWORD });
    const code = totpAt(json["secret"] as string, Math.floor(Date.now() / 30_000));
    expect((await browser.send("POST", "profile/second-factor/confirm", { code })).status).toBe(200);
    const reset = await command(["users", "reset-link", "Lost@engines.example", "--remove-second-factor"]);
    expect(reset.code).toBe(0);
    const signedIn = await new TestBrowser(node).send("POST", "sign-in/reset", {
      code: codeOf(reset.text.trim()),
      password: "slow-harbour-evening-tin",
    });
    expect(signedIn.json["status"]).toBe("signed_in");
    const unknown = await command(["users", "reset-link", "unknown@engines.example"]);
    expect([unknown.code, unknown.text]).toEqual([1, expect.stringContaining("There is no user")]);
  });

  it("is named by its API key in the audit log, with the operator in its details", async () => {
    const { json } = await new Tenant(node).call("POST", "auth/api-key", { name: "Operations" });
    await command(["users", "invite", "ines@engines.example"], String(json["token"]));
    expect(await lastEntry("v1.invitation.create")).toMatchObject({
      actor: { kind: "key", name: "Operations" },
      detail: { facts: { operator } },
    });
  });

  it("cannot be imitated by a page in a browser", async () => {
    const fields = { email: "page@engines.example", role: "viewer" };
    await owner.send("POST", "invitation", fields, { "posthorn-operator": "root@server" });
    const { actor, detail } = await lastEntry("v1.invitation.create");
    expect(actor).toMatchObject({ kind: "user" });
    expect(JSON.stringify(detail)).not.toContain("root@server");
  });
});
