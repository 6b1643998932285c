import { describe, expect, it } from "vitest";
import { checkNewPassword } from "./password-rules.ts";

const ABOUT = ["Ada Lovelace", "ada.lovelace@engines.example"];

describe("a new password", () => {
  it.each([
    "quiet-otter-mends-lamps",
    "gY7#kd02!mVw",
    "öde Fliegenklatsche im Nebel",
    "correct horse battery stapler 9",
  ])("that is hard to guess is accepted: %s", async (password) =>
    expect(await checkNewPassword(password, ABOUT)).toBeUndefined(),
  );

  it.each([
    ["is short", "gY7#kd02!mV", /11 characters.*at least 12/],
    ["is long", "x".repeat(257), /257 characters.*At most 256/],
    ["is common", "password1234", /too easy to guess/],
    ["is a pattern of keys", "qwertyuiop[]", /too easy to guess/],
    ["repeats a character", "aaaaaaaaaaaaaaaa", /too easy to guess/],
    ["repeats a word", "passwordpassword", /too easy to guess/],
    ["is a sequence", "123456789012345", /too easy to guess/],
    ["is the email address", "ada.lovelace@engines.example", /too easy to guess/],
    ["is the name with a year", "adalovelace1815", /too easy to guess/],
    ["is the product", "posthornposthorn1", /too easy to guess/],
  ])("that %s is rejected: %s", async (_reason, password, message) => {
    await expect(checkNewPassword(password, ABOUT)).rejects.toThrow(message);
  });

  it("is checked in bounded time, for any text", async () => {
    const before = process.cpuUsage();
    await checkNewPassword("aB1!xY9?".repeat(32), ["x".repeat(200)]).catch(() => undefined);
    const { user } = process.cpuUsage(before);
    expect(user).toBeLessThan(2_000_000);
  });
});
