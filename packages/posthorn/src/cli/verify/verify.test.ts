/** `posthorn verify`: captured requests, without a server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSecret, sign } from "@posthorn/webhooks";
import { stripe } from "@posthorn/webhooks/providers/stripe";
import { signProvider } from "@posthorn/webhooks/testing";
import { Command } from "commander";
import { afterAll, expect, it, vi } from "vitest";
import { addVerifyCommand } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "posthorn-verify-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function run(...args: readonly string[]): Promise<{ readonly output: string; readonly code: number }> {
  let output = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    output += String(text);
    return true;
  });
  const program = new Command().exitOverride();
  addVerifyCommand(program);
  try {
    await program.parseAsync(["verify", ...args], { from: "user" });
    return { output, code: 0 };
  } catch (error) {
    return { output: output || String(error), code: (error as { exitCode?: number }).exitCode ?? 1 };
  } finally {
    write.mockRestore();
  }
}

const secret = generateSecret();
const body = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0xc3, 0xa9, 0x0d, 0x0a, 0x7d]);

async function captured(bytes: Uint8Array = body): Promise<string> {
  const headers = await sign({ id: "msg_1", body }, secret);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return file(
    "request.http",
    Buffer.concat([Buffer.from(`POST /hooks HTTP/1.1\r\nhost: a.example\r\n${head.join("")}\r\n`), bytes]),
  );
}

it("verifies a webhook of Posthorn byte by byte", async () => {
  expect(await run(await captured(), "--secret", secret)).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^Verified/),
  });
});

it("names the reason when the body was changed, and exits with 1", async () => {
  const { output, code } = await run(await captured(Buffer.from("{}")), "--secret", secret, "--json");
  expect(code).toBe(1);
  expect(JSON.parse(output)).toMatchObject({ verified: false, code: "signature_mismatch" });
});

it("detects a secret that was copied with a space", async () => {
  const { output } = await run(await captured(), "--secret", ` ${secret}`);
  expect(output).toMatch(/white space/);
});

it("verifies headers and body of a provider from separate files, at the time of the event", async () => {
  const at = Date.parse("2026-02-03T04:05:06Z");
  const request = await signProvider(stripe, { secret: "whsec_test", body: '{"type":"invoice.paid"}', now: () => at });
  const lines = Object.entries(request.headers as Record<string, string>).map(([name, value]) => `${name}: ${value}`);
  const files = ["--headers", file("headers.txt", lines.join("\n")), "--body", file("body", '{"type":"invoice.paid"}')];
  const options = [...files, "--url", "https://a.example/", "--provider", "stripe", "--secret", "whsec_test"];
  expect(await run(...options, "--at", "2026-02-03T04:05:10Z")).toMatchObject({
    code: 0,
    output: expect.stringMatching(/invoice\.paid/),
  });
  expect(await run(...options)).toMatchObject({ code: 1, output: expect.stringMatching(/timestamp_too_old/) });
  expect(await run(...options, "--any-time")).toMatchObject({ code: 0 });
});

it("says what is missing", async () => {
  const request = await captured();
  expect(await run(request)).toMatchObject({ code: 1, output: expect.stringMatching(/--secret/) });
  expect(await run(request, "--headers", request, "--secret", "s")).toMatchObject({
    code: 1,
    output: expect.stringMatching(/--body/),
  });
  expect(await run(request, "--provider", "nothing", "--secret", "s")).toMatchObject({
    code: 1,
    output: expect.stringMatching(/no provider/),
  });
});
