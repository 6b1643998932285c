/** `posthorn lab` as a process. */
import { createServer } from "node:net";
import { eventually } from "@posthorn/testkit";
import { describe, expect, test } from "vitest";
import { type Cli, runCli } from "../lib/cli.ts";

/** The address of the page that the command prints. */
async function pageOf({ child }: Cli): Promise<string> {
  let text = "";
  child.stdout!.on("data", (chunk: string) => (text += chunk));
  await eventually(() => expect(text).toMatch(/tls-reset +https:\S+\n/));
  return /http:\S+/.exec(text)![0];
}

describe("posthorn lab", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "prints the address of a page on this machine that lists every behaviour, and exits with 0 on %s",
    async (signal) => {
      await using cli = runCli(["lab", "--port", "0"]);
      const page = await pageOf(cli);
      expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      const html = await (await fetch(page)).text();
      const { behaviours } = (await (await fetch(`${page}index.json`)).json()) as { behaviours: { path: string }[] };
      expect(behaviours.length).toBeGreaterThan(40);
      for (const { path } of behaviours) expect(html).toContain(path.replace(/\*$/, ""));
      cli.child.kill(signal);
      expect(await cli.ended).toMatchObject({ code: 0, stderr: "" });
    },
  );

  test("rejects an invalid port, or one in use, with a message and exit code 1", async () => {
    await using none = runCli(["lab", "--port", "65530"]);
    expect(await none.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^posthorn: --port is wrong/) });
    // The second of two consecutive ports: the first is open by then.
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    await using cli = runCli(["lab", "--port", String(port - 1)]);
    expect(await cli.ended).toMatchObject({ code: 1, stderr: expect.stringContaining("Choose another --port") });
    await new Promise((resolve) => taken.close(resolve));
  });
});
