/** The device in `examples`, run as a reader runs it, with the broker that a reader would install. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { COMPILE_CACHE } from "@posthorn/testkit";
import { isSkipped, startMosquitto } from "@posthorn/testkit/counterparts";
import { expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url).pathname;

it.skipIf(isSkipped("mosquitto"))(
  "a sensor raises and clears an alarm, with a signed webhook and a Slack message for each",
  async () => {
    await using broker = await startMosquitto();
    const child = spawn(process.execPath, ["--conditions=@posthorn/source", "examples/device/run.mjs"], {
      cwd: ROOT,
      env: { ...COMPILE_CACHE, PATH: process.env["PATH"], MQTT_URL: `mqtt://127.0.0.1:${broker.port}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exit = once(child, "exit");
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
    expect([errors, code]).toEqual(["", 0]);
    expect(output.match(/freezer-\d (?:raised|cleared) at -\d+ °C, signature valid/g)).toEqual([
      "freezer-1 raised at -9 °C, signature valid",
      "freezer-1 cleared at -17 °C, signature valid",
    ]);
    expect(output.match(/"text": "(?:🔴|✅) [^"]+"/gu)?.map((line) => line.replace(/"text": "(.+)"/u, "$1"))).toEqual(
      ["🔴 freezer-1 is too warm: -9 °C", "✅ freezer-1 is cold again: -17 °C"].flatMap((line) => [line, line]),
    );
  },
);
