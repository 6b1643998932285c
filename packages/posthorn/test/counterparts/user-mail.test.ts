/** Emails to users: invitations and links for new passwords, through a real mail server. */
import { isSkipped, startMailpit, type TestMailpit } from "@posthorn/testkit/counterparts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, join, OWNER, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";
import { Tenant } from "../support/tenant.ts";

type ShownMail = Awaited<ReturnType<TestMailpit["mail"]>>;

const FROM = "posthorn@example.com";
const PASSWORD = "green-lanterns-drift-away";
const LATER = "quiet-harbours-hum-softly";
/** Loading the mail client in a new thread takes long on a busy machine. */
const PATIENT = { timeout: 60_000 };

describe.skipIf(isSkipped("mailpit"))("emails to users", () => {
  const folder = temporaryFolder();
  let mailpit: TestMailpit;
  let node: TestNode;
  let owner: TestBrowser;
  let addresses = 0;

  beforeAll(async () => {
    mailpit = await startMailpit();
    node = await startNode(folder.path, {
      env: {
        POSTHORN_MAIL_URL: `smtp://127.0.0.1:${mailpit.smtpPort}?security=none`,
        POSTHORN_MAIL_FROM: FROM,
        POSTHORN_TRUSTED_PROXIES: "127.0.0.1",
        // The rules for customers do not apply to the operator's mail server.
        POSTHORN_EGRESS_ALLOW: "external",
      },
    });
    owner = await ownerOf(node);
  });

  afterAll(async () => {
    await node?.[Symbol.asyncDispose]();
    await mailpit?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function mailsTo(address: string): Promise<readonly ShownMail[]> {
    const all = await Promise.all((await mailpit.mails()).map(({ ID }) => mailpit.mail(ID)));
    return all.filter(({ To }) => To.some((to) => to.Address === address));
  }

  async function newestTo(address: string, count = 1): Promise<ShownMail> {
    await expect.poll(async () => (await mailsTo(address)).length, PATIENT).toBe(count);
    return (await mailsTo(address))[0]!;
  }

  /** Sends each request from another network address, so that the limit of the tests' own address does not matter. */
  const ask = (email: string, fields: object = {}): ReturnType<TestBrowser["send"]> =>
    new TestBrowser(node).send(
      "POST",
      "sign-in/reset/request",
      { email, ...fields },
      { "x-forwarded-for": `203.0.113.${++addresses}` },
    );

  const linkIn = ({ Text }: ShownMail): string => /https?:\/\/\S+/.exec(Text)![0];

  it("contain an invitation, whose link works once", async () => {
    const email = "grace@engines.example";
    const { json } = await owner.send("POST", "invitation", { email, role: "viewer" });
    expect(json).toMatchObject({ emailSent: true, emailProblem: null });
    const mail = await newestTo(email);
    expect(mail.From.Address).toBe(FROM);
    expect(mail.HTML).toBe("");
    expect(mail.Text).toContain(`${OWNER.name} invited you to`);
    expect(linkIn(mail)).toBe(json["url"]);
    const accept = () =>
      new TestBrowser(node).send("POST", "sign-in/invitation/accept", {
        code: codeOf(linkIn(mail)),
        name: "Grace",
        password: PASSWORD,
      });
    expect((await accept()).status).toBe(200);
    expect((await accept()).json["code"]).toBe("link_invalid");
  });

  it("are in the language of the inviting person, whose name cannot contain a link", async () => {
    await owner.send("PATCH", "profile", { locale: "de", name: "Ada\r\nBcc: x@evil.example https://evil.example/" });
    const email = "karl@engines.example";
    await owner.send("POST", "invitation", { email, role: "viewer" });
    const mail = await newestTo(email);
    expect(mail.Text).toContain("hat Sie zu");
    expect(mail.Text.match(/https?:/g)).toHaveLength(1);
    expect(mail.To.map(({ Address }) => Address)).toEqual([email]);
    expect(await mailsTo("x@evil.example")).toEqual([]);
    await owner.send("PATCH", "profile", { locale: null, name: OWNER.name });
  });

  it("contain a link for a new password that the person requested, in their language, which works once", async () => {
    const email = "mary@engines.example";
    const mary = await join(node, owner, { email, role: "viewer" });
    await newestTo(email);
    expect((await ask(email.toUpperCase(), { locale: "de" })).status).toBe(202);
    const mail = await newestTo(email, 2);
    expect(mail.Text).toContain("neues Passwort");
    const reset = (password: string) =>
      new TestBrowser(node).send("POST", "sign-in/reset", { code: codeOf(linkIn(mail)), password });
    expect((await reset(LATER)).status).toBe(200);
    expect((await reset(PASSWORD)).json["code"]).toBe("link_invalid");
    expect((await mary.send("GET", "profile")).status).toBe(401);
    expect((await new TestBrowser(node).signIn(email, LATER)).status).toBe(200);
    // The choice of the person comes before the language of the browser.
    const again = new TestBrowser(node);
    await again.signIn(email, LATER);
    await again.send("PATCH", "profile", { locale: "en" });
    await ask(email, { locale: "de" });
    expect((await newestTo(email, 3)).Text).toContain("set a new password");
  });

  it("do not reveal whether there is an account, and are sent only to people who have one", async () => {
    const [known, unknown] = ["joan@engines.example", "stranger@engines.example"];
    await join(node, owner, { email: known, role: "viewer" });
    const replies = [await ask(known), await ask(unknown)];
    expect(replies.map(({ status, json }) => [status, json])).toEqual([
      [202, {}],
      [202, {}],
    ]);
    await newestTo(known, 2);
    expect(await mailsTo(unknown)).toEqual([]);
    for (const email of [known, unknown]) {
      for (let n = 0; n < 2; n++) await ask(email);
      expect(await ask(email)).toMatchObject({ status: 429, json: { code: "too_many_sign_ins" } });
    }
  });

  it("are not sent to disabled users, and direct users without a password to their identity provider", async () => {
    const [off, none] = ["off@engines.example", "sso@engines.example"];
    for (const email of [off, none]) await join(node, owner, { email, role: "viewer" });
    const { store } = node.services;
    await store.transaction(async ({ db }) => {
      await db.updateTable("person").set({ disabled_at: 1 }).where("email", "=", off).execute();
      await db.updateTable("person").set({ password_hash: null }).where("email", "=", none).execute();
    });
    await ask(off);
    await ask(none);
    const mail = await newestTo(none, 2);
    expect(mail.Text).toContain("identity provider");
    expect(mail.Text).not.toContain("http");
    expect(await mailsTo(off)).toHaveLength(1);
  });

  it("contain the link that an administrator creates, and the audit log names who requested one", async () => {
    const { json: users } = await owner.send("GET", "user?limit=250");
    const mary = (users["data"] as { id: string; email: string }[]).find(({ email }) => email.startsWith("mary"))!;
    const { json } = await owner.send("POST", `user/${mary.id}/reset-link`);
    expect(json).toMatchObject({ emailSent: true });
    expect(linkIn(await newestTo(mary.email, 4))).toBe(json["url"]);
    const log = await owner.send("GET", "audit?limit=250");
    const actions = (log.json["data"] as { action: string }[]).map(({ action }) => action);
    expect(actions).toContain("user.request-reset");
  });

  it("are limited per organisation, and the link is still shown", async () => {
    const { store } = node.services;
    await store.transaction(({ db }) =>
      db
        .updateTable("sign_in_failure")
        .set({ blocked_until: Date.now() + 600_000 })
        .where("subject", "like", "mail:%")
        .execute(),
    );
    const { json } = await owner.send("POST", "invitation", { email: "late@engines.example", role: "viewer" });
    expect(json).toMatchObject({
      emailSent: false,
      emailProblem: expect.stringContaining("too many emails") as string,
    });
    expect(codeOf(json["url"])).not.toBe("");
  });
});

describe("without a mail server", () => {
  it("links are shown to the administrator, and cannot be requested", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path);
    const owner = await ownerOf(node);
    const { json } = await owner.send("POST", "invitation", { email: "grace@engines.example", role: "viewer" });
    expect(json).toMatchObject({ emailSent: false, emailProblem: null });
    expect((await owner.send("GET", "sign-in")).json["resetByEmail"]).toBe(false);
    const refused = await new TestBrowser(node).send("POST", "sign-in/reset/request", { email: OWNER.email });
    expect(refused).toMatchObject({ status: 409 });
  });

  it("that can be reached, an invitation reports that within the time limit, and its link works", async () => {
    using folder = temporaryFolder();
    await using node = await startNode(folder.path, {
      env: { POSTHORN_MAIL_URL: "smtp://127.0.0.1:1", POSTHORN_MAIL_FROM: FROM },
    });
    const { json } = await new Tenant(node).call("POST", "invitation", { email: "g@engines.example", role: "viewer" });
    expect(json).toMatchObject({ emailSent: false });
    expect(String(json["emailProblem"])).not.toBe("");
    expect((await new TestBrowser(node).send("POST", "sign-in/invitation", { code: codeOf(json["url"]) })).status).toBe(
      200,
    );
  });
});
