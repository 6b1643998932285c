/** Sign-in of command lines by device authorization (RFC 8628). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signInWithCode } from "../../src/cli/login/device-code.ts";
import { join, ownerOf, TestBrowser } from "../support/browser-session.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { startNode, type TestNode } from "../support/posthorn.ts";
import { temporaryFolder } from "../support/store.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const folder = temporaryFolder();
const clock = new ShiftedClock();
let node: TestNode;
let owner: TestBrowser;

beforeAll(async () => {
  node = await startNode(folder.path, { clock });
  owner = await ownerOf(node);
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

type Json = Record<string, unknown>;

async function form(path: string, fields: Record<string, string>): Promise<{ status: number; json: Json }> {
  const response = await fetch(`${node.url}/api/v1/device/${path}`, {
    method: "POST",
    body: new URLSearchParams(fields),
  });
  return { status: response.status, json: (await response.json()) as Json };
}

const start = async (): Promise<Json> => (await form("code", { client_id: "posthorn 1.0 on laptop" })).json;
const poll = ({ device_code }: Json): ReturnType<typeof form> =>
  form("token", { grant_type: GRANT, device_code: String(device_code), client_id: "posthorn" });
const decide = (browser: TestBrowser, { user_code }: Json, approve: boolean): ReturnType<TestBrowser["send"]> =>
  browser.send("POST", `device/${String(user_code)}`, { approve });

describe("a command line", () => {
  it("gets a token with the roles of the person who approves it, once", async () => {
    const device = await start();
    expect(device).toMatchObject({
      user_code: expect.stringMatching(/^[A-Z2-9]{4}-[A-Z2-9]{4}$/),
      verification_uri: `${node.url}/device`,
      verification_uri_complete: `${node.url}/device?code=${String(device["user_code"])}`,
      expires_in: 600,
      interval: 5,
    });
    expect((await poll(device)).json["error"]).toBe("authorization_pending");
    const shown = await owner.send("GET", `device/${String(device["user_code"]).toLowerCase().replace("-", "")}`);
    expect(shown.json).toMatchObject({ client: "posthorn 1.0 on laptop", ip: "127.0.0.1" });
    expect((await decide(owner, device, true)).status).toBe(204);
    const [one, other] = await Promise.all([poll(device), poll(device)]);
    const granted = [one, other].filter(({ status }) => status === 200);
    expect(granted).toHaveLength(1);
    const { access_token: token, token_type: type } = granted[0]!.json;
    expect([type, String(token).slice(0, 4)]).toEqual(["Bearer", "phu_"]);
    const call = (): Promise<Response> =>
      fetch(`${node.url}/api/v1/app`, { headers: { authorization: `Bearer ${String(token)}` } });
    expect((await call()).status).toBe(200);
    const sessions = (await owner.send("GET", "session")).json["data"] as Json[];
    const session = sessions.find(({ kind }) => kind === "cli")!;
    expect(session).toMatchObject({ userAgent: "posthorn 1.0 on laptop", current: false });
    await owner.send("DELETE", `session/${String(session["id"])}`);
    expect((await call()).status).toBe(401);
  });

  it("has no more rights than a viewer who approves it", async () => {
    const viewer = await join(node, owner, { email: "viewer@engines.example", role: "viewer" });
    const device = await start();
    await decide(viewer, device, true);
    const { access_token: token } = (await poll(device)).json;
    const headers = { authorization: `Bearer ${String(token)}`, "content-type": "application/json" };
    expect((await fetch(`${node.url}/api/v1/app`, { headers })).status).toBe(200);
    const body = JSON.stringify({ name: "Refused" });
    expect((await fetch(`${node.url}/api/v1/app`, { method: "POST", headers, body })).status).toBe(403);
  });

  it("gets no token if the person declines, or does not decide in time", async () => {
    const refused = await start();
    await decide(owner, refused, false);
    expect((await poll(refused)).json["error"]).toBe("access_denied");
    const late = await start();
    clock.advance(600_001);
    expect((await poll(late)).json["error"]).toBe("expired_token");
    expect((await decide(owner, late, true)).status).toBe(404);
    expect((await form("token", { grant_type: GRANT, device_code: "guess" })).json["error"]).toBe("expired_token");
    expect((await form("token", { grant_type: "password", device_code: "x" })).json["error"]).toBe(
      "unsupported_grant_type",
    );
  });

  it("has to slow down when it polls too often", async () => {
    const device = await start();
    expect((await poll(device)).json["error"]).toBe("authorization_pending");
    expect((await poll(device)).json["error"]).toBe("slow_down");
    clock.advance(11_000);
    expect((await poll(device)).json["error"]).toBe("authorization_pending");
  });

  it("is approved only by a person, not with a token, and not from another origin", async () => {
    const device = await start();
    const path = `device/${String(device["user_code"])}`;
    const headers = { authorization: `Bearer ${node.token}` };
    expect((await new TestBrowser(node).raw("POST", path, { approve: true }, headers)).status).toBe(403);
    const elsewhere = { origin: "https://elsewhere.example", "x-posthorn-csrf": "1" };
    expect((await owner.raw("POST", path, { approve: true }, elsewhere)).json["code"]).toBe("cross_origin");
    expect((await poll(device)).json["error"]).toBe("authorization_pending");
  });
});

describe("user codes", () => {
  it("cannot be guessed: after ten wrong ones, a person must wait", async () => {
    const guesser = await join(node, owner, { email: "guesser@engines.example", role: "viewer" });
    const codes = [];
    for (let n = 0; n < 11; n++) codes.push((await guesser.send("GET", `device/BBBB-BBB${n % 10}`)).json["code"]);
    expect(codes).toEqual([...new Array<string>(10).fill("not_found"), "too_many_sign_ins"]);
  });
});

describe("posthorn login", () => {
  /** Signs in. `act` is called with the code before each poll, and time passes as the command line waits. */
  async function signIn(act: (userCode: string, times: number) => Promise<void>) {
    const shown: string[] = [];
    const waits: number[] = [];
    const token = await signInWithCode({
      url: node.url,
      client: "posthorn on laptop",
      show: (text) => shown.push(text),
      now: clock.now,
      wait: async (ms) => {
        waits.push(ms);
        await act(/[A-Z2-9]{4}-[A-Z2-9]{4}/.exec(shown[0]!)![0], waits.length);
      },
    });
    return { token, waits, shown };
  }

  const decideOn = async (user_code: string, approve: boolean): Promise<void> => {
    expect((await decide(owner, { user_code }, approve)).status).toBe(204);
  };

  it("shows the code, waits for the person to approve it, and gets a token that works", async () => {
    const { token, waits, shown } = await signIn(async (code, times) => {
      clock.advance(5000);
      if (times === 3) await decideOn(code, true);
    });
    expect(shown).toEqual([
      expect.stringMatching(/^Open http.+\/device and enter the code [A-Z2-9]{4}-[A-Z2-9]{4}$/),
      expect.stringMatching(/^or open http.+\/device\?code=/),
    ]);
    expect(waits).toEqual([5000, 5000, 5000]);
    const response = await fetch(`${node.url}/api/v1/app`, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(200);
  });

  it("fails with a message if the person denies it", async () => {
    const denied = signIn(async (code) => {
      clock.advance(5000);
      await decideOn(code, false);
    });
    await expect(denied).rejects.toMatchObject({ code: "sign_in_failed", message: expect.stringMatching(/refused/i) });
  });

  it("fails with a message if the code expires", async () => {
    const expired = signIn(async () => clock.advance(601_000));
    await expect(expired).rejects.toMatchObject({ code: "sign_in_failed", message: expect.stringMatching(/expired/i) });
  });

  it("polls more slowly if the server requests it", async () => {
    const { waits } = await signIn(async (code, times) => {
      // The first two polls are too early.
      if (times > 2) clock.advance(60_000);
      if (times === 4) await decideOn(code, true);
    });
    expect(waits[0]).toBe(5000);
    expect(waits.at(-1)).toBeGreaterThan(5000);
  });
});
