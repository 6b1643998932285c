/** Second factor of a sign-in: one-time codes and recovery codes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { totpAt } from "../../src/domain/user/totp.ts";
import { codeOf, join, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";

const PASSWORD = "green-lanterns-drift-away";
const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let owner: TestBrowser;
let count = 0;

beforeAll(async () => {
  node = await startNode(folder.path, { clock });
  owner = await ownerOf(node);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Member {
  readonly browser: TestBrowser;
  readonly email: string;
  readonly secret: string;
  readonly codes: readonly string[];
}

/** The current code. Moves to the next step first, because each code works once. */
function code(secret: string): string {
  clock.advance(30_000);
  return totpAt(secret, Math.floor(clock.now() / 30_000));
}

async function member(): Promise<Member> {
  const email = `factor${++count}@engines.example`;
  const browser = await join(node, owner, { email, role: "viewer" });
  const { json } = await browser.send("POST", "profile/second-factor", { currentPassword: PASSWORD });
  const secret = json["secret"] as string;
  const confirmed = await browser.send("POST", "profile/second-factor/confirm", { code: code(secret) });
  return { browser, email, secret, codes: confirmed.json["codes"] as string[] };
}

/** The first step of a sign-in. */
async function challengeOf(browser: TestBrowser, email: string): Promise<string> {
  const { json } = await browser.signIn(email, PASSWORD);
  expect(json["status"]).toBe("second_factor_required");
  expect(browser.cookies.has("posthorn_session")).toBe(false);
  return json["challenge"] as string;
}

async function signIn(email: string, given: string): Promise<unknown> {
  const browser = new TestBrowser(node);
  const challenge = await challengeOf(browser, email);
  const { status, json } = await browser.send("POST", "sign-in/second-factor", { challenge, code: given });
  return status === 200 ? json["status"] : json["code"];
}

describe("setting up one-time codes", () => {
  it("needs the password and a correct code, and ends the other sessions", async () => {
    const email = "setup@engines.example";
    const browser = await join(node, owner, { email, role: "viewer" });
    const other = new TestBrowser(node);
    await other.signIn(email, PASSWORD);
    const wrong = await browser.send("POST", "profile/second-factor", { currentPassword: "wrong" });
    expect(wrong.json["code"]).toBe("sign_in_failed");
    expect((await browser.send("POST", "profile/second-factor/confirm", { code: "123456" })).status).toBe(409);
    const { json } = await browser.send("POST", "profile/second-factor", { currentPassword: PASSWORD });
    expect(json["uri"]).toMatch(/^otpauth:\/\/totp\/Posthorn:setup%40engines\.example\?secret=[A-Z2-7]{32}&/);
    // Not required before it is confirmed.
    expect((await new TestBrowser(node).signIn(email, PASSWORD)).json["status"]).toBe("signed_in");
    expect((await browser.send("POST", "profile/second-factor/confirm", { code: "000000" })).status).toBe(422);
    const done = await browser.send("POST", "profile/second-factor/confirm", { code: code(json["secret"] as string) });
    expect(done.json["codes"]).toHaveLength(10);
    expect((await browser.send("GET", "profile")).json).toMatchObject({ secondFactor: true, recoveryCodesLeft: 10 });
    expect((await other.send("GET", "app")).status).toBe(401);
    const again = await browser.send("POST", "profile/second-factor", { currentPassword: PASSWORD });
    expect(again.json["code"]).toBe("conflict");
  });

  it("stores neither the secret nor a recovery code in plain text", async () => {
    const { secret, codes, email } = await member();
    const row = await node.services.store.db
      .selectFrom("person")
      .selectAll()
      .where("email", "=", email)
      .executeTakeFirstOrThrow();
    const text = Buffer.from(row.totp_sealed!).toString("latin1") + JSON.stringify(row);
    for (const hidden of [secret, ...codes, PASSWORD]) expect(text).not.toContain(hidden);
  });
});

describe("a sign-in with a second factor", () => {
  it("accepts each one-time code once", async () => {
    const { email, secret } = await member();
    const given = code(secret);
    expect(await signIn(email, given)).toBe("signed_in");
    expect(await signIn(email, given)).toBe("second_factor_failed");
    expect(await signIn(email, code(secret))).toBe("signed_in");
  });

  it("accepts a code for only one of two concurrent attempts", async () => {
    const { email, secret } = await member();
    const browsers = [new TestBrowser(node), new TestBrowser(node)];
    const challenges = [await challengeOf(browsers[0]!, email), await challengeOf(browsers[1]!, email)];
    const given = code(secret);
    const replies = await Promise.all(
      browsers.map((browser, at) =>
        browser.send("POST", "sign-in/second-factor", { challenge: challenges[at]!, code: given }),
      ),
    );
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 403]));
  });

  it("accepts each recovery code once", async () => {
    const { email, codes, browser } = await member();
    expect(await signIn(email, codes[0]!.toUpperCase())).toBe("signed_in");
    expect(await signIn(email, codes[0]!)).toBe("second_factor_failed");
    expect((await browser.send("GET", "profile")).json["recoveryCodesLeft"]).toBe(9);
  });

  it("ends the challenge when it is used, and after 10 minutes", async () => {
    const { email, secret } = await member();
    const browser = new TestBrowser(node);
    const challenge = await challengeOf(browser, email);
    const send = (given: string) => browser.send("POST", "sign-in/second-factor", { challenge, code: given });
    expect((await send(code(secret))).status).toBe(200);
    expect((await send(code(secret))).json["code"]).toBe("link_invalid");
    const late = await challengeOf(new TestBrowser(node), email);
    clock.advance(600_001);
    const reply = await browser.send("POST", "sign-in/second-factor", { challenge: late, code: code(secret) });
    expect(reply.json["code"]).toBe("link_invalid");
  });

  it("limits guesses", async () => {
    const { email, secret } = await member();
    const browser = new TestBrowser(node);
    const challenge = await challengeOf(browser, email);
    const replies = [];
    for (let n = 0; n < 6; n++) {
      replies.push((await browser.send("POST", "sign-in/second-factor", { challenge, code: "000000" })).json["code"]);
    }
    expect(replies).toEqual([...new Array<string>(5).fill("second_factor_failed"), "too_many_sign_ins"]);
    clock.advance(900_000);
    expect(await signIn(email, code(secret))).toBe("signed_in");
  });

  it("is still required after a reset of the password", async () => {
    const { email, secret } = await member();
    const { json } = await owner.send("GET", "user?limit=250");
    const { id } = (json["data"] as { id: string; email: string }[]).find((user) => user.email === email)!;
    const link = await owner.send("POST", `user/${id}/reset-link`);
    const browser = new TestBrowser(node);
    const password = "slow-harbour-evening-tin";
    const reset = await browser.send("POST", "sign-in/reset", { code: codeOf(link.json["url"]), password });
    expect(reset.json["status"]).toBe("second_factor_required");
    expect(browser.cookies.has("posthorn_session")).toBe(false);
    const done = await browser.send("POST", "sign-in/second-factor", {
      challenge: reset.json["challenge"],
      code: code(secret),
    });
    expect(done.status).toBe(200);
  });
});

describe("turning off one-time codes", () => {
  it("needs a code, and is possible for an admin", async () => {
    const { browser, email, secret } = await member();
    expect((await browser.send("POST", "profile/second-factor/turn-off", { code: "000000" })).status).toBe(403);
    const given = code(secret);
    expect((await browser.send("POST", "profile/second-factor/turn-off", { code: given })).status).toBe(204);
    expect((await new TestBrowser(node).signIn(email, PASSWORD)).json["status"]).toBe("signed_in");

    const lost = await member();
    const { json } = await owner.send("GET", "user?limit=250");
    const { id } = (json["data"] as { id: string; email: string }[]).find((user) => user.email === lost.email)!;
    expect((await owner.send("POST", `user/${id}/remove-second-factor`)).status).toBe(204);
    expect((await lost.browser.send("GET", "app")).status).toBe(401);
    expect((await new TestBrowser(node).signIn(lost.email, PASSWORD)).json["status"]).toBe("signed_in");
  });

  it("is not needed to replace the recovery codes, which ends the earlier ones", async () => {
    const { browser, email, secret, codes } = await member();
    const { json } = await browser.send("POST", "profile/recovery-codes", { code: code(secret) });
    expect(await signIn(email, codes[1]!)).toBe("second_factor_failed");
    expect(await signIn(email, (json["codes"] as string[])[1]!)).toBe("signed_in");
  });
});
