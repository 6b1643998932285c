/**
 * A sensor crosses a threshold: an MQTT broker, a sensor, Posthorn, a webhook receiver and a stand-in for Slack, all on
 * this machine. See README.md in this folder.
 *
 *     npm run example:device
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import mqtt from "mqtt";
import { startBroker } from "./broker.mjs";
import { startPosthorn } from "./posthorn.mjs";
import { startSlack, startWebhookReceiver } from "./receivers.mjs";

const folder = mkdtempSync(join(tmpdir(), "posthorn-device-"));
const stack = new AsyncDisposableStack();
stack.defer(() => rmSync(folder, { recursive: true, force: true }));

async function run() {
  const broker = stack.use(await startBroker(folder));
  const slack = stack.use(await startSlack(folder));
  const receiver = stack.use(await startWebhookReceiver());
  const posthorn = stack.use(await startPosthorn(folder, slack.certificate));
  console.log(`Posthorn runs at ${posthorn.url}, and the broker at ${broker.url}.`);

  // Posthorn subscribes to the topics of all sensors.
  const source = await posthorn.call("POST", "/ingest/api/v1/source", {
    name: "Freezers",
    kind: "mqtt",
    config: { url: broker.url, topics: "plant/+/temperature" },
  });
  // Warmer than -12 °C for two seconds raises an alarm, and below -15 °C clears it. Each sensor has its own state.
  await posthorn.call("POST", `/api/v1/app/${source.id}/watch`, {
    name: "Freezer too warm",
    emit: { type: "freezer.warm" },
    rule: {
      read: { value: "$.celsius", key: "topic:1" },
      when: { above: -12 },
      for: "2s",
      until: { below: -15 },
    },
  });
  const eventTypes = ["freezer.warm.raised", "freezer.warm.cleared"];
  const endpoints = `/ingest/api/v1/source/${source.id}/endpoint`;
  const webhook = await posthorn.call("POST", endpoints, { url: receiver.url, eventTypes });
  const { key } = await posthorn.call("GET", `${endpoints}/${webhook.id}/secret`);
  receiver.verifyWith(key);
  await posthorn.call("POST", endpoints, {
    kind: "slack",
    eventTypes,
    config: {
      url: slack.url,
      title:
        '{{ body.key }} {{ body.phase | map: "raised", "is too warm", "cleared", "is cold again" }}: {{ body.value }} °C',
      fields: 'Since: {{ body.since | date: "HH:mm:ss" }}',
      severity: '{{ body.phase | map: "raised", "error", "cleared", "success" }}',
    },
  });
  await posthorn.until(`/ingest/api/v1/source/${source.id}/state`, ({ state }) => state === "running");

  const sensor = await mqtt.connectAsync(broker.url);
  const measure = async (name, celsius) => {
    console.log(`\n${name} measures ${celsius} °C`);
    await sensor.publishAsync(`plant/${name}/temperature`, JSON.stringify({ celsius }), { qos: 1 });
  };
  try {
    await measure("freezer-1", -18);
    await measure("freezer-2", -19);
    await measure("freezer-1", -9);
    await Promise.all([receiver.received("freezer.warm.raised"), slack.received(1)]);
    // The other freezer was open only briefly.
    await measure("freezer-2", -10);
    await delay(500);
    await measure("freezer-2", -19);
    await measure("freezer-1", -17);
    await Promise.all([receiver.received("freezer.warm.cleared"), slack.received(2)]);
  } finally {
    await sensor.endAsync();
  }
  console.log("\nThe alarm was raised and cleared: two signed webhooks, and two messages in Slack.");
}

const interrupted = once(process, "SIGINT").then(() => Promise.reject(new Error("Interrupted.")));
try {
  await Promise.race([run(), interrupted]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await stack.disposeAsync();
}
process.exit();
