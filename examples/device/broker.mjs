/** The MQTT broker of the example: Mosquitto, or the one in MQTT_URL. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import mqtt from "mqtt";
import { freePort, startProgram } from "./process.mjs";

/** Debian installs servers in folders that are not on the PATH of users. */
const COMMANDS = ["mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"];

export async function startBroker(folder) {
  const { MQTT_URL: given } = process.env;
  if (given !== undefined) return { url: given, async [Symbol.asyncDispose]() {} };
  const command = COMMANDS.find((name) => spawnSync(name, ["-h"]).error === undefined);
  if (command === undefined) {
    throw new Error(
      "The example needs an MQTT broker. Install Mosquitto (apt install mosquitto, brew install mosquitto), or set MQTT_URL to the URL of another one.",
    );
  }
  const port = await freePort();
  const config = join(folder, "mosquitto.conf");
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  const program = startProgram(command, ["-c", config]);
  const url = `mqtt://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    try {
      const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, connectTimeout: 2000 }, false);
      await client.endAsync();
      return { url, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
    } catch {
      if (tries > 100 || program.hasEnded()) throw new Error(`Mosquitto did not start:\n${program.output()}`);
      await delay(100);
    }
  }
}
