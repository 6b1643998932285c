/** Sign-in of people: set-up, password, limits, sessions, cookies. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDeveloperCode, createSetupLink } from "../../src/domain/user/start-links.ts";
import { codeOf, join, OWNER, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { onPostgres, temporaryFolder } from "../support/store.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";

const folder = temporaryFolder();
const clock = new ShiftedClock();
const forward = (ms: number): void => clock.advance(ms);
let node: TestNode;
let owner: TestBrowser;

beforeAll(async () => {
  node = await startNode(folder.path, { clock, env: { POSTHORN_TRUSTED_PROXIES: "127.0.0.1" } });
  owner = await ownerOf(node);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Each test has its own address, so that the limit of one does not affect the next. */
let addresses = 0;
const fromElsewhere = (): Record<string, string> => ({ "x-forwarded-for": `203.0.113.${++addresses}` });
const codes = (replies: readonly { readonly json: Record<string, unknown> }[]): unknown[] =>
  replies.map(({ json }) => json["code"]);

describe("the set-up of a server", () => {
  it("creates the owner once: all set-up links become invalid, and no new one is created", async () => {
    using own = temporaryFolder();
    await using fresh = await startNode(own.path);
    const [one, other] = [codeOf(await createSetupLink(fresh.services)), codeOf(await createSetupLink(fresh.services))];
    expect((await new TestBrowser(fresh).send("GET", "sign-in")).json).toEqual({
      signedIn: false,
      setupRequired: true,
      resetByEmail: false,
      locale: null,
    });
    const browser = new TestBrowser(fresh);
    expect((await browser.send("POST", "sign-in/set-up", { code: "guess", ...OWNER })).json["code"]).toBe(
      "link_invalid",
    );
    const weak = await browser.send("POST", "sign-in/set-up", { code: one, ...OWNER, password: "password1234" });
    expect(weak.status).toBe(422);
    expect((await browser.send("POST", "sign-in/set-up", { code: one, ...OWNER })).status).toBe(200);
    expect((await browser.send("GET", "session/current")).json).toMatchObject({
      kind: "user",
      user: { email: OWNER.email, role: "owner" },
    });
    for (const code of [one, other]) {
      const again = await new TestBrowser(fresh).send("POST", "sign-in/set-up", {
        code,
        ...OWNER,
        email: "b@x.example",
      });
      expect(again.json["code"]).toBe("link_invalid");
    }
    expect(await createSetupLink(fresh.services)).toBeNull();
    expect((await browser.send("GET", "sign-in")).json).toEqual({
      signedIn: true,
      setupRequired: false,
      resetByEmail: false,
      locale: null,
    });
  });

  it("by two people at the same time creates one owner", async () => {
    using own = temporaryFolder();
    await using fresh = await startNode(own.path);
    const links = [await createSetupLink(fresh.services), await createSetupLink(fresh.services)];
    const replies = await Promise.all(
      links.map((link, index) =>
        new TestBrowser(fresh).send("POST", "sign-in/set-up", {
          ...OWNER,
          code: codeOf(link),
          email: `p${index}@x.example`,
        }),
      ),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});

describe("a sign-in with a password", () => {
  it("accepts the email address in any case, and starts a session", async () => {
    const browser = new TestBrowser(node);
    const { status, json } = await browser.signIn(" ADA@Engines.example", OWNER.password);
    expect([status, json["status"]]).toEqual([200, "signed_in"]);
    expect((await browser.send("GET", "app")).status).toBe(200);
  });

  it("does not reveal whether there is an account", async () => {
    const replies = await Promise.all([
      new TestBrowser(node).signIn(OWNER.email, "wrong", fromElsewhere()),
      new TestBrowser(node).signIn("unknown@engines.example", "wrong", fromElsewhere()),
    ]);
    expect(replies.map(({ status, json }) => [status, json["code"], json["detail"]])).toEqual([
      [403, "sign_in_failed", "The email address or the password is wrong."],
      [403, "sign_in_failed", "The email address or the password is wrong."],
    ]);
  });

  it("starts a session with a new cookie, and ends the session that the browser had", async () => {
    const browser = new TestBrowser(node);
    await browser.signIn(OWNER.email, OWNER.password);
    const first = browser.cookies.get("posthorn_session")!;
    await browser.signIn(OWNER.email, OWNER.password);
    const second = browser.cookies.get("posthorn_session")!;
    expect(second).not.toBe(first);
    browser.cookies.set("posthorn_session", first);
    expect((await browser.send("GET", "app")).status).toBe(401);
  });

  it("does not accept a session that someone else chose", async () => {
    const browser = new TestBrowser(node);
    const planted = `phs_${"A".repeat(43)}`;
    browser.cookies.set("posthorn_session", planted);
    await browser.signIn(OWNER.email, OWNER.password);
    expect(browser.cookies.get("posthorn_session")).not.toBe(planted);
    const other = new TestBrowser(node);
    other.cookies.set("posthorn_session", planted);
    expect((await other.send("GET", "app")).status).toBe(401);
  });
});

describe("the session cookie", () => {
  it("is HttpOnly, SameSite and for all paths, and over TLS also Secure with the prefix of its host", async () => {
    const plain = await new TestBrowser(node).signIn(OWNER.email, OWNER.password);
    const [session, browser] = plain.headers.getSetCookie();
    expect(session).toMatch(/^posthorn_session=phs_[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);
    expect(browser).toMatch(/^posthorn_browser=[\w.-]+; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/);
    const origin = node.url.replace("http:", "https:");
    const tls = await new TestBrowser(node).signIn(OWNER.email, OWNER.password, {
      "x-forwarded-proto": "https",
      origin,
    });
    expect(tls.headers.getSetCookie()[0]).toMatch(
      /^__Host-posthorn_session=phs_[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  it("over TLS is not read without the prefix, so that another host of the domain cannot set it", async () => {
    const browser = new TestBrowser(node);
    await browser.signIn(OWNER.email, OWNER.password);
    const tls = { "x-forwarded-proto": "https", origin: node.url.replace("http:", "https:") };
    expect((await browser.send("GET", "app")).status).toBe(200);
    expect((await browser.send("GET", "app", undefined, tls)).status).toBe(401);
  });

  it("is not a token: the Authorization header does not accept it, and the cookie does not accept a token", async () => {
    const browser = new TestBrowser(node);
    await browser.signIn(OWNER.email, OWNER.password);
    const cookie = browser.cookies.get("posthorn_session")!;
    const bearer = await fetch(`${node.url}/api/v1/app`, { headers: { authorization: `Bearer ${cookie}` } });
    expect(bearer.status).toBe(401);
    browser.cookies.set("posthorn_session", node.token);
    expect((await browser.send("GET", "app")).status).toBe(401);
  });

  it("prevents responses from being cached", async () => {
    const { headers } = await owner.send("GET", "app");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("is not part of the requests that a source stores", async () => {
    const headers = { authorization: `Bearer ${node.token}`, "content-type": "application/json" };
    const made = await fetch(`${node.url}/ingest/api/v1/source`, {
      method: "POST",
      headers,
      body: JSON.stringify({ name: "Cookies", type: "generic-webhook" }),
    });
    const { ingestUrl } = (await made.json()) as { ingestUrl: string };
    const value = owner.cookies.get("posthorn_session")!;
    await fetch(ingestUrl, {
      method: "POST",
      body: "{}",
      headers: {
        cookie: `theme=dark; posthorn_session=${value}; posthorn_browser=b.c`,
        "content-type": "application/json",
      },
    });
    const { db } = node.services.store;
    const [event] = await db
      .selectFrom("message")
      .select(["public_id", "request_json"])
      .orderBy("id", "desc")
      .execute();
    // Values of cookies are encrypted.
    const { sealed } = JSON.parse(event!.request_json!) as { sealed: string };
    const text = node.services.secretBox.open(
      Buffer.from(sealed, "base64"),
      `message.request_json ${event!.public_id}`,
    );
    expect(text).toContain("theme=dark");
    expect(text).not.toContain("posthorn_");
  });
});

describe("failed attempts", () => {
  it("block an account for a short time that grows, and never for more than 15 minutes", async () => {
    await join(node, owner, { email: "blocked@engines.example", role: "viewer" }, "paper-kites-over-cranes");
    const attempt = (password: string) =>
      new TestBrowser(node).signIn("blocked@engines.example", password, fromElsewhere());
    const replies = [];
    for (let n = 0; n < 6; n++) replies.push(await attempt("wrong"));
    expect(codes(replies)).toEqual([...new Array<string>(5).fill("sign_in_failed"), "too_many_sign_ins"]);
    expect(replies[5]!.json["detail"]).toMatch(/Try again in \d+ seconds/);
    // The correct password is rejected too, because otherwise a correct guess would be confirmed.
    expect((await attempt("paper-kites-over-cranes")).json["code"]).toBe("too_many_sign_ins");
    for (let n = 0; n < 12; n++) {
      forward(900_001);
      expect((await attempt("wrong")).json["code"]).toBe("sign_in_failed");
    }
    forward(900_001);
    expect((await attempt("paper-kites-over-cranes")).status).toBe(200);
  });

  it("of other people do not lock out the browser in which the person has signed in before", async () => {
    const known = await join(
      node,
      owner,
      { email: "known@engines.example", role: "viewer" },
      "paper-kites-over-cranes",
    );
    await known.send("POST", "sign-out", {});
    for (let n = 0; n < 8; n++) await new TestBrowser(node).signIn("known@engines.example", "wrong", fromElsewhere());
    const fresh = await new TestBrowser(node).signIn(
      "known@engines.example",
      "paper-kites-over-cranes",
      fromElsewhere(),
    );
    expect(fresh.json["code"]).toBe("too_many_sign_ins");
    expect((await known.signIn("known@engines.example", "paper-kites-over-cranes")).status).toBe(200);
    // The cookie belongs to this person only, and has its own limit.
    expect((await known.signIn(OWNER.email, "wrong", fromElsewhere())).json["code"]).toBe("sign_in_failed");
    await known.send("POST", "sign-out", {});
    const guesses = [];
    for (let n = 0; n < 6; n++) guesses.push(await known.signIn("known@engines.example", "wrong", fromElsewhere()));
    expect(guesses.at(-1)!.json["code"]).toBe("too_many_sign_ins");
  });

  it("block the address they come from, even for other accounts", async () => {
    const from = { "x-forwarded-for": "198.51.100.7" };
    const replies = [];
    for (let n = 0; n < 31; n++) replies.push(await new TestBrowser(node).signIn(`p${n}@x.example`, "wrong", from));
    expect(codes(replies).slice(0, 30)).toEqual(new Array<string>(30).fill("sign_in_failed"));
    expect(codes(replies)[30]).toBe("too_many_sign_ins");
    const other = await new TestBrowser(node).signIn("p1@x.example", "wrong", fromElsewhere());
    expect(other.json["code"]).toBe("sign_in_failed");
  });

  it("at the same time are limited in the same way as one after the other", async () => {
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => new TestBrowser(node).signIn("together@x.example", "wrong", fromElsewhere())),
    );
    const failed = codes(replies).filter((code) => code === "sign_in_failed");
    expect(failed).toHaveLength(5);
  });
});

describe("a session", () => {
  it("ends after 7 days without use, and 30 days after it began", async () => {
    const browser = new TestBrowser(node);
    await browser.signIn(OWNER.email, OWNER.password);
    const used = async (): Promise<number> => (await browser.send("GET", "app")).status;
    const lastUse = async (): Promise<number> => {
      const { db } = node.services.store;
      const row = await db.selectFrom("person_session").select("last_used_at").orderBy("id", "desc").executeTakeFirst();
      return row!.last_used_at;
    };
    for (let day = 0; day < 29; day++) {
      forward(86_400_000);
      expect([day, await used()]).toEqual([day, 200]);
      // The response does not wait for this.
      await expect.poll(lastUse).toBeGreaterThan(clock.now() - 60_000);
    }
    forward(86_400_001);
    expect(await used()).toBe(401);
    await browser.signIn(OWNER.email, OWNER.password);
    forward(7 * 86_400_000 + 1);
    expect(await used()).toBe(401);
    owner = new TestBrowser(node);
    await owner.signIn(OWNER.email, OWNER.password);
  });

  it("is listed with its browser, and can be ended in the list", async () => {
    const other = new TestBrowser(node);
    await other.signIn(OWNER.email, OWNER.password, { "user-agent": "Elsewhere/1.0", ...fromElsewhere() });
    const listed = (await owner.send("GET", "session")).json["data"] as Record<string, unknown>[];
    const found = listed.find(({ userAgent }) => userAgent === "Elsewhere/1.0")!;
    expect(found).toMatchObject({
      kind: "browser",
      current: false,
      secondFactor: false,
      ip: expect.stringMatching(/^203/),
    });
    expect(listed.filter(({ current }) => current === true)).toHaveLength(1);
    expect((await owner.send("DELETE", `session/${found["id"] as string}`)).status).toBe(204);
    expect((await other.send("GET", "app")).status).toBe(401);
    expect((await owner.send("GET", "app")).status).toBe(200);
  });

  it("of another person cannot be ended", async () => {
    const viewer = await join(node, owner, { email: "viewer1@engines.example", role: "viewer" });
    const [own] = (await owner.send("GET", "session")).json["data"] as { id: string }[];
    expect((await viewer.send("DELETE", `session/${own!.id}`)).status).toBe(404);
    expect((await owner.send("GET", "app")).status).toBe(200);
  });

  it("ends on sign-out, which can also end all others", async () => {
    const [one, two, three] = [new TestBrowser(node), new TestBrowser(node), new TestBrowser(node)];
    for (const browser of [one, two, three]) await browser.signIn(OWNER.email, OWNER.password);
    const kept = new Map(one.cookies);
    expect((await one.send("POST", "sign-out", {})).status).toBe(200);
    expect(one.cookies.has("posthorn_session")).toBe(false);
    one.cookies.set("posthorn_session", kept.get("posthorn_session")!);
    expect((await one.send("GET", "app")).status).toBe(401);
    expect((await two.send("GET", "app")).status).toBe(200);
    await two.send("POST", "sign-out", { everywhere: true });
    expect((await three.send("GET", "app")).status).toBe(401);
    owner = new TestBrowser(node);
    await owner.signIn(OWNER.email, OWNER.password);
  });

  it("closes its live stream when it ends", async () => {
    const browser = new TestBrowser(node);
    await browser.signIn(OWNER.email, OWNER.password);
    const cookie = `posthorn_session=${browser.cookies.get("posthorn_session")!}`;
    const stream = await fetch(`${node.url}/api/v1/live`, { headers: { cookie } });
    expect(stream.status).toBe(200);
    await browser.send("POST", "sign-out", {});
    expect(await stream.text()).toContain("event: open");
  });

  it.runIf(onPostgres)("that ended is rejected by another node, and its stream there is closed", async () => {
    await using another = await startNode(folder.path, { clock });
    const there = new TestBrowser(another);
    await there.signIn(OWNER.email, OWNER.password);
    const cookie = there.cookies.get("posthorn_session")!;
    expect((await there.send("GET", "app")).status).toBe(200);
    const stream = await fetch(`${another.url}/api/v1/live`, { headers: { cookie: `posthorn_session=${cookie}` } });
    const here = new TestBrowser(node);
    here.cookies.set("posthorn_session", cookie);
    await here.send("POST", "sign-out", {});
    there.cookies.set("posthorn_session", cookie);
    await expect.poll(async () => (await there.send("GET", "app")).status).toBe(401);
    expect(await stream.text()).toContain("event: open");
  });
});

describe("the code of a development server", () => {
  it("starts a session without an account once, in any notation", async () => {
    const code = await createDeveloperCode(node.services);
    expect(code).toMatch(/^[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}$/);
    const browser = new TestBrowser(node);
    expect((await browser.send("POST", "sign-in/code", { code: code.toLowerCase().replaceAll("-", " ") })).status).toBe(
      200,
    );
    expect((await browser.send("GET", "session/current")).json).toMatchObject({ kind: "token", user: null });
    expect((await browser.send("GET", "app")).status).toBe(200);
    expect((await browser.send("GET", "profile")).status).toBe(403);
    const again = await new TestBrowser(node).send("POST", "sign-in/code", { code });
    expect(again.json["code"]).toBe("link_invalid");
  });

  it("is not accepted as another kind of code", async () => {
    const code = await createDeveloperCode(node.services);
    const replies = [
      await new TestBrowser(node).send("POST", "sign-in/set-up", { code, ...OWNER }),
      await new TestBrowser(node).send("POST", "sign-in/invitation", { code }),
      await new TestBrowser(node).send("POST", "sign-in/reset", { code, password: OWNER.password }),
      await new TestBrowser(node).send("POST", "sign-in/second-factor", { challenge: code, code: "123456" }),
    ];
    expect(codes(replies)).toEqual(new Array<string>(4).fill("link_invalid"));
  });
});

it("a set-up link does not determine the organisation: the product may use its own before the first user exists", async () => {
  using other = temporaryFolder();
  await using fresh = await startNode(other.path, {});
  const code = codeOf(await createSetupLink(fresh.services));
  const token = await fresh.tokenOf("org_0000000000000000000000product");
  const call = (): Promise<Response> =>
    fetch(`${fresh.url}/api/v1/app`, { headers: { authorization: `Bearer ${token}` } });
  expect((await call()).status).toBe(200);
  const browser = new TestBrowser(fresh);
  expect((await browser.send("POST", "sign-in/set-up", { code, ...OWNER })).status).toBe(200);
  expect((await browser.send("GET", "session/current")).json["organisation"]).toBe("org_0000000000000000000000product");
});
