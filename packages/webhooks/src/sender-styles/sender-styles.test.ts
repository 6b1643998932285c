import { afterEach, describe, expect, it, vi } from "vitest";
import { WebhookError } from "../errors.ts";
import { asanaStyle } from "./asana.ts";
import { githubStyle } from "./github.ts";
import { shopifyStyle } from "./shopify.ts";
import { slackStyle } from "./slack.ts";
import { stripeStyle } from "./stripe.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("sender styles", () => {
  it("GitHub: returns the value in GitHub's documentation", () => {
    const headers = githubStyle("It's a Secret to Everybody").signSync({ body: "Hello, World!", timestampSeconds: 0 });
    expect(headers).toEqual({
      "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    });
  });

  it("Asana: returns the hexadecimal value of GitHub's documentation without a prefix", () => {
    const headers = asanaStyle("It's a Secret to Everybody").signSync({ body: "Hello, World!", timestampSeconds: 0 });
    expect(headers).toEqual({
      "X-Hook-Signature": "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    });
  });

  it("Slack: returns the value in Slack's documentation", () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    expect(slackStyle("8f742231b10e8888abcd99yyyzzz85a5").signSync({ body, timestampSeconds: 1531420618 })).toEqual({
      "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      "X-Slack-Request-Timestamp": "1531420618",
    });
  });

  it("Stripe: writes one v1 for each secret, keyed by the secret's text", () => {
    const one = stripeStyle("whsec_new").signSync({ body: "{}", timestampSeconds: 1 })["Stripe-Signature"];
    const two = stripeStyle(["whsec_new", "whsec_old"]).signSync({ body: "{}", timestampSeconds: 1 });
    expect(two["Stripe-Signature"]?.split(",")).toHaveLength(3);
    expect(two["Stripe-Signature"]?.startsWith(`${one},v1=`)).toBe(true);
  });

  it("uses the header names that the product used", () => {
    const message = { body: "{}", timestampSeconds: 1 };
    expect(Object.keys(stripeStyle("a", { signatureHeader: "Acme-Signature" }).signSync(message))).toEqual([
      "Acme-Signature",
    ]);
    expect(Object.keys(shopifyStyle("a", { signatureHeader: "X-Acme-Hmac" }).signSync(message))).toEqual([
      "X-Acme-Hmac",
    ]);
  });

  it.each([asanaStyle, githubStyle, shopifyStyle, slackStyle, stripeStyle])("%o refuses an empty secret", (style) => {
    expect(() => style("")).toThrow(WebhookError);
    expect(() => style([])).toThrow(WebhookError);
  });

  it.each([asanaStyle, githubStyle, shopifyStyle, slackStyle, stripeStyle])(
    "%o returns the same signature with WebCrypto alone",
    async (style) => {
      const message = { body: "{}", timestampSeconds: 1 };
      const expected = style(["a", "b"]).signSync(message);
      vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
      expect(await style(["a", "b"]).sign(message)).toEqual(expected);
      expect(() => style("a").signSync(message)).toThrow(expect.objectContaining({ code: "runtime_unsupported" }));
    },
  );
});
