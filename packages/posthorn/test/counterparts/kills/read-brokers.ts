/** The brokers of the kill tests of sources, each with a way to publish and to count what is left. */
import { setTimeout as delay } from "node:timers/promises";
import { startMosquitto } from "@posthorn/testkit/counterparts";
import { connect as connectMqttNow, connectAsync as connectMqtt } from "mqtt";
import type { OpenReadBroker } from "./source-run.ts";

const bodyOf = (n: number): Buffer => Buffer.from(`{"n":${n}}`);

const openMosquitto: OpenReadBroker = async (stack) => {
  const broker = stack.use(await startMosquitto());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const client = await connectMqtt(url, { protocolVersion: 5, reconnectPeriod: 100 });
  stack.defer(() => client.endAsync(true));
  client.on("error", () => undefined);
  return [
    {
      kind: "mqtt",
      config: { url, topics: "events/#", idProperty: "id", clientId: "reader" },
      isExactlyOnce: true,
      publish: async (numbers) => {
        for (const n of numbers) {
          const properties = { userProperties: { id: String(n) } };
          await client.publishAsync("events/a", bodyOf(n), { qos: 1, properties });
        }
      },
      // Takes over the session: what is not acknowledged is sent to it.
      left: async () => {
        let count = 0;
        const reader = connectMqttNow(url, {
          protocolVersion: 5,
          clientId: "reader",
          clean: false,
          reconnectPeriod: 0,
          properties: { sessionExpiryInterval: 3600 },
          customHandleAcks: () => void count++,
        });
        await delay(500);
        await reader.endAsync(true);
        return count;
      },
    },
  ];
};

/** By the names with which the counterparts can be skipped. */
export const READ_BROKERS: Readonly<Record<string, OpenReadBroker>> = {
  mosquitto: openMosquitto,
};
