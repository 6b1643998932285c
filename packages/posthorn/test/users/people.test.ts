/** People of an organisation: invitations, roles, disabling, removal, reset of passwords. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, join, OWNER, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

const PASSWORD = "green-lanterns-drift-away";
const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let owner: TestBrowser;
let tenant: Tenant;
let count = 0;

beforeAll(async () => {
  node = await startNode(folder.path, { clock, env: { POSTHORN_TRUSTED_PROXIES: "127.0.0.1" } });
  owner = await ownerOf(node);
  tenant = new Tenant(node);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const newEmail = (): string => `person${++count}@engines.example`;

async function idOf(email: string): Promise<string> {
  const { json } = await owner.send("GET", "user?limit=250");
  return (json["data"] as { id: string; email: string }[]).find((user) => user.email === email)!.id;
}

async function member(role: string): Promise<{ browser: TestBrowser; email: string; id: string }> {
  const email = newEmail();
  const browser = await join(node, owner, { email, role });
  return { browser, email, id: await idOf(email) };
}

const accept = (code: string, fields: object = {}): ReturnType<TestBrowser["send"]> =>
  new TestBrowser(node).send("POST", "sign-in/invitation/accept", { code, name: "New", password: PASSWORD, ...fields });

describe("an invitation", () => {
  it("creates one account with its role, once", async () => {
    const email = newEmail();
    const { json } = await owner.send("POST", "invitation", { email: email.toUpperCase(), role: "support" });
    expect(json).toMatchObject({ email, role: "support", app: null, createdBy: OWNER.name });
    const code = codeOf(json["url"]);
    const shown = await new TestBrowser(node).send("POST", "sign-in/invitation", { code });
    expect(shown.json).toMatchObject({ email, role: "support", hasAccount: false });
    const browser = new TestBrowser(node);
    const fields = { code, name: "New", password: PASSWORD };
    const replies = await Promise.all([
      browser.send("POST", "sign-in/invitation/accept", fields),
      new TestBrowser(node).send("POST", "sign-in/invitation/accept", fields),
    ]);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await accept(code)).json["code"]).toBe("link_invalid");
    const { json: user } = await owner.send("GET", `user/${await idOf(email)}`);
    expect(user).toMatchObject({ email, role: "support", disabled: false });
  });

  it("expires after 7 days, ends when it is withdrawn, and when another one replaces it", async () => {
    const invite = async (email: string) => (await owner.send("POST", "invitation", { email, role: "viewer" })).json;
    const [replaced, kept] = [await invite("same@engines.example"), await invite("same@engines.example")];
    const withdrawn = await invite(newEmail());
    expect((await owner.send("DELETE", `invitation/${withdrawn["id"] as string}`)).status).toBe(204);
    for (const { url } of [replaced, withdrawn]) expect((await accept(codeOf(url))).json["code"]).toBe("link_invalid");
    const { json } = await owner.send("GET", "invitation");
    expect((json["data"] as { id: string }[]).map(({ id }) => id)).toContain(kept["id"]);
    expect(JSON.stringify(json)).not.toContain(codeOf(kept["url"]));
    clock.advance(6 * 86_400_000);
    expect((await owner.send("GET", "app")).status).toBe(200);
    clock.advance(86_400_000 + 1);
    expect((await accept(codeOf(kept["url"]))).json["code"]).toBe("link_invalid");
    owner = new TestBrowser(node);
    await owner.signIn(OWNER.email, OWNER.password);
  });

  it("is not stored in a form from which the link could be recreated", async () => {
    const { json } = await owner.send("POST", "invitation", { email: newEmail(), role: "viewer" });
    const rows = await node.services.store.db.selectFrom("person_token").selectAll().execute();
    const text = rows.map((row) => JSON.stringify(row) + Buffer.from(row.hash).toString("base64url")).join();
    expect(rows.length).toBeGreaterThan(0);
    expect(text).not.toContain(codeOf(json["url"]));
  });

  it("for an existing account can be accepted only by that account", async () => {
    const { browser: other } = await member("viewer");
    const { browser, email } = await member("viewer");
    const { json: app } = await tenant.call("POST", "app", { name: "Mine" });
    const { json } = await owner.send("POST", "invitation", { email, role: "developer", app: app["id"] });
    const code = codeOf(json["url"]);
    expect((await new TestBrowser(node).send("POST", "sign-in/invitation", { code })).json["hasAccount"]).toBe(true);
    expect((await accept(code)).json["code"]).toBe("conflict");
    expect((await other.send("POST", "profile/invitation", { code })).status).toBe(403);
    expect((await browser.send("POST", "profile/invitation", { code })).status).toBe(204);
    expect((await browser.send("POST", "profile/invitation", { code })).json["code"]).toBe("link_invalid");
    expect((await browser.send("GET", "profile")).json["applicationRoles"]).toEqual([
      { app: app["id"], role: "developer" },
    ]);
  });

  it.each([
    ["an invalid address", { email: "nowhere", role: "viewer" }, 422],
    ["a role that does not exist", { email: "x@engines.example", role: "root" }, 422],
    ["an owner of one application", { email: "x@engines.example", role: "owner", app: "mine2" }, 422],
    ["an application that does not exist", { email: "x@engines.example", role: "viewer", app: "none" }, 404],
    ["a member", { email: OWNER.email, role: "viewer" }, 409],
  ])("is rejected for %s", async (_case, fields, status) => {
    await tenant.call("PUT", "app/mine2", { name: "Mine 2", uid: "mine2" });
    expect((await owner.send("POST", "invitation", fields)).status).toBe(status);
  });
});

describe("the last owner", () => {
  it("can be neither demoted, disabled nor removed; one of two can", async () => {
    const id = await idOf(OWNER.email);
    const attempts = [
      await owner.send("PATCH", `user/${id}`, { role: "admin" }),
      await owner.send("PATCH", `user/${id}`, { role: null, applicationRoles: [] }),
      await owner.send("PATCH", `user/${id}`, { disabled: true }),
      await owner.send("DELETE", `user/${id}`),
    ];
    expect(attempts.map(({ status, json }) => [status, json["code"]])).toEqual(attempts.map(() => [409, "conflict"]));
    const second = await member("owner");
    await owner.send("PATCH", `user/${second.id}`, { disabled: true });
    expect((await owner.send("DELETE", `user/${id}`)).json["code"]).toBe("conflict");
    await owner.send("PATCH", `user/${second.id}`, { disabled: false });
    expect((await owner.send("DELETE", `user/${second.id}`)).status).toBe(204);
  });

  it("is kept when two owners demote each other at the same time", async () => {
    const second = await member("owner");
    const first = await idOf(OWNER.email);
    const replies = await Promise.all([
      owner.send("PATCH", `user/${second.id}`, { role: "viewer" }),
      second.browser.send("PATCH", `user/${first}`, { role: "viewer" }),
    ]);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    // The owner of this test again, by the token of the organisation.
    const headers = { authorization: `Bearer ${node.token}` };
    await new TestBrowser(node).raw("PATCH", `user/${first}`, { role: "owner" }, headers);
    await new TestBrowser(node).raw("DELETE", `user/${second.id}`, undefined, headers);
    expect((await owner.send("GET", "user")).status).toBe(200);
  });
});

describe("an admin", () => {
  it("cannot create, change, reset or remove an owner", async () => {
    const { browser: admin, id: own } = await member("admin");
    const id = await idOf(OWNER.email);
    const attempts = [
      await admin.send("POST", "invitation", { email: newEmail(), role: "owner" }),
      await admin.send("PATCH", `user/${own}`, { role: "owner" }),
      await admin.send("PATCH", `user/${id}`, { disabled: true }),
      await admin.send("DELETE", `user/${id}`),
      await admin.send("POST", `user/${id}/reset-link`),
      await admin.send("POST", `user/${id}/remove-second-factor`),
      await admin.send("POST", `user/${id}/end-sessions`),
    ];
    expect(attempts.map(({ status }) => status)).toEqual(attempts.map(() => 403));
    expect((await owner.send("GET", "app")).status).toBe(200);
  });
});

describe("people without the permission", () => {
  it.each(["developer", "support", "viewer", "auditor"])(
    "such as a %s cannot manage users, but can manage their own profile",
    async (role) => {
      const { browser, id } = await member(role);
      const attempts = [
        await browser.send("GET", "user"),
        await browser.send("POST", "invitation", { email: newEmail(), role: "viewer" }),
        await browser.send("PATCH", `user/${id}`, { role: "admin" }),
        await browser.send("POST", `user/${id}/reset-link`),
      ];
      expect(attempts.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
      expect((await browser.send("PATCH", "profile", { name: "Renamed" })).json["name"]).toBe("Renamed");
    },
  );
});

describe("a change of a person", () => {
  it("of their role takes effect in open sessions", async () => {
    const { browser, id } = await member("developer");
    expect((await browser.send("POST", "app", { name: "Before" })).status).toBe(201);
    await owner.send("PATCH", `user/${id}`, { role: "viewer" });
    expect((await browser.send("POST", "app", { name: "After" })).status).toBe(403);
    expect((await browser.send("GET", "app")).status).toBe(200);
  });

  it("limits them to the applications in which they have a role", async () => {
    const { browser, id } = await member("viewer");
    const { json: app } = await tenant.call("POST", "app", { name: "Only this" });
    const { json: other } = await tenant.call("POST", "app", { name: "Not this" });
    const changed = await owner.send("PATCH", `user/${id}`, {
      role: null,
      applicationRoles: [{ app: app["id"], role: "developer" }],
    });
    expect(changed.json).toMatchObject({ role: null, applicationRoles: [{ app: app["id"], role: "developer" }] });
    expect((await browser.send("GET", `app/${app["id"] as string}`)).status).toBe(200);
    expect((await browser.send("GET", `app/${other["id"] as string}`)).status).toBe(404);
  });

  it("that leaves no role is rejected, and changes nothing", async () => {
    const { id } = await member("viewer");
    expect((await owner.send("PATCH", `user/${id}`, { role: null })).status).toBe(422);
    expect((await owner.send("GET", `user/${id}`)).json["role"]).toBe("viewer");
  });

  it("that disables them ends their sessions, and prevents sign-in until they are enabled", async () => {
    const { browser, id, email } = await member("viewer");
    await owner.send("PATCH", `user/${id}`, { disabled: true });
    expect((await browser.send("GET", "app")).status).toBe(401);
    expect((await new TestBrowser(node).signIn(email, PASSWORD)).json["code"]).toBe("sign_in_failed");
    await owner.send("PATCH", `user/${id}`, { disabled: false });
    expect((await new TestBrowser(node).signIn(email, PASSWORD)).status).toBe(200);
  });

  it("that removes them ends their sessions and account", async () => {
    const { browser, id, email } = await member("viewer");
    expect((await owner.send("DELETE", `user/${id}`)).status).toBe(204);
    expect((await browser.send("GET", "app")).status).toBe(401);
    expect((await new TestBrowser(node).signIn(email, PASSWORD)).json["code"]).toBe("sign_in_failed");
    expect((await owner.send("GET", `user/${id}`)).status).toBe(404);
    expect((await owner.send("POST", "invitation", { email, role: "viewer" })).status).toBe(201);
  });
});

describe("a reset link", () => {
  const FRESH = "slow-harbour-evening-tin";
  const resetOf = async (id: string): Promise<string> =>
    codeOf((await owner.send("POST", `user/${id}/reset-link`)).json["url"]);
  const use = (code: string, password = FRESH): ReturnType<TestBrowser["send"]> =>
    new TestBrowser(node).send("POST", "sign-in/reset", { code, password });

  it("sets a new password once, ends all sessions, and signs in", async () => {
    const { browser, id, email } = await member("viewer");
    const code = await resetOf(id);
    expect((await new TestBrowser(node).send("POST", "sign-in/reset/check", { code })).json).toEqual({ email });
    expect((await use(code, "password1234")).status).toBe(422);
    const replies = await Promise.all([use(code), use(code)]);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await browser.send("GET", "app")).status).toBe(401);
    expect((await use(code)).json["code"]).toBe("link_invalid");
    expect((await new TestBrowser(node).signIn(email, PASSWORD)).json["code"]).toBe("sign_in_failed");
    expect((await new TestBrowser(node).signIn(email, FRESH)).status).toBe(200);
  });

  it("ends when another one is created, when the password changes, and after 24 hours", async () => {
    const { browser, id } = await member("viewer");
    const first = await resetOf(id);
    const second = await resetOf(id);
    expect((await use(first)).json["code"]).toBe("link_invalid");
    const change = { currentPassword: PASSWORD, newPassword: FRESH };
    expect((await browser.send("POST", "profile/password", change)).status).toBe(204);
    expect((await use(second)).json["code"]).toBe("link_invalid");
    const third = await resetOf(id);
    clock.advance(86_400_001);
    expect((await use(third)).json["code"]).toBe("link_invalid");
  });

  it("of a disabled person does not work", async () => {
    const { id } = await member("viewer");
    await owner.send("PATCH", `user/${id}`, { disabled: true });
    expect((await use(await resetOf(id))).json["code"]).toBe("link_invalid");
  });
});

describe("a person's own profile", () => {
  it("changes the password with the current one, and ends the other sessions", async () => {
    const { browser, email } = await member("viewer");
    const other = new TestBrowser(node);
    await other.signIn(email, PASSWORD);
    const change = (currentPassword: string, newPassword: string) =>
      browser.send("POST", "profile/password", { currentPassword, newPassword });
    expect((await change("wrong", "slow-harbour-evening-tin")).json["code"]).toBe("sign_in_failed");
    expect((await change(PASSWORD, "short")).status).toBe(422);
    expect((await change(PASSWORD, `${email}!`)).status).toBe(422);
    expect((await change(PASSWORD, "slow-harbour-evening-tin")).status).toBe(204);
    expect((await browser.send("GET", "app")).status).toBe(200);
    expect((await other.send("GET", "app")).status).toBe(401);
  });

  it("changes the email address with the current password, to one that is free", async () => {
    const { browser } = await member("viewer");
    const email = newEmail();
    expect((await browser.send("PATCH", "profile", { email })).json["code"]).toBe("sign_in_failed");
    const taken = await browser.send("PATCH", "profile", { email: OWNER.email, currentPassword: PASSWORD });
    expect(taken.json["code"]).toBe("conflict");
    expect((await browser.send("PATCH", "profile", { email, currentPassword: PASSWORD })).json["email"]).toBe(email);
    expect((await new TestBrowser(node).signIn(email, PASSWORD)).status).toBe(200);
  });

  it("limits guesses of the current password", async () => {
    const { browser } = await member("viewer");
    const replies = [];
    for (let n = 0; n < 6; n++) {
      const change = { currentPassword: "wrong", newPassword: "slow-harbour-evening-tin" };
      replies.push((await browser.send("POST", "profile/password", change)).json["code"]);
    }
    expect(replies).toEqual([...new Array<string>(5).fill("sign_in_failed"), "too_many_sign_ins"]);
  });

  it("exists only for people: tokens have none", async () => {
    for (const path of ["profile", "session"]) {
      const { status } = await tenant.call("GET", path);
      expect([path, status]).toEqual([path, 403]);
    }
    expect((await tenant.call("GET", "session/current")).json).toMatchObject({ kind: "token", user: null });
  });
});
