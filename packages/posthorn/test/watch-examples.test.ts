/** Examples of conditions from the documentation and the field, each evaluated on readings as its source stores them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RuleJson } from "../src/conditions/schema.ts";
import { MINUTE, type Reading, WatchStore } from "./support/watch-store.ts";

const DAY = 24 * 60;

interface Example {
  readonly name: string;
  readonly rule: RuleJson;
  /** Body and headers of readings by the minute at which they arrive. */
  readonly readings: readonly (readonly [minute: number, body: unknown, headers?: Readonly<Record<string, string>>])[];
  /** Transitions as `minute key phase`. Times are those of the condition, not of the timer that reports it. */
  readonly transitions: readonly string[];
}

const temperature = (minute: number, freezer: string, t: number) =>
  [minute, { t }, { "mqtt-topic": `plant/${freezer}/temp` }] as const;
const everyMinute = (from: number, values: readonly unknown[]) =>
  values.map((value, index) => [from + index, value] as const);
const status = (minute: number, code: number) => [minute, "", { "x-source-status": String(code) }] as const;
const digest = (minute: number, value: string) => [minute, "", { "docker-content-digest": value }] as const;

const EXAMPLES: readonly Example[] = [
  {
    name: "a freezer that is too warm for five minutes, until it is cold again",
    rule: { read: { value: "$.t", key: "topic:1" }, when: { above: -12 }, for: "5m", until: { below: -15 } },
    readings: [
      temperature(0, "f1", -10),
      temperature(0, "f2", -10),
      temperature(2, "f2", -18),
      temperature(6, "f1", -13),
      temperature(8, "f1", -14),
      temperature(9, "f1", -16),
    ],
    transitions: ["5 f1 raised", "9 f1 cleared"],
  },
  {
    name: "a spike that is ignored because it does not last",
    rule: { when: { above: 80 }, for: "5m" },
    readings: everyMinute(0, [70, 95, 70, 85, 86, 87, 88, 89, 90, 10]),
    transitions: ["8  raised", "9  cleared"],
  },
  {
    name: "a spike that is ignored because it is not three samples long",
    rule: { when: { above: 80 }, times: 3 },
    readings: everyMinute(0, [81, 82, 10, 81, 82, 83, 84, 10]),
    transitions: ["5  raised", "7  cleared"],
  },
  {
    name: "a device that has sent nothing for 15 minutes, and is back",
    rule: { read: { key: "topic:1" }, when: { silent: "15m" } },
    readings: [
      [0, "up", { "mqtt-topic": "dev/a/up" }],
      [10, "up", { "mqtt-topic": "dev/a/up" }],
      [40, "up", { "mqtt-topic": "dev/a/up" }],
    ],
    transitions: ["25 a raised", "40 a cleared", "55 a raised"],
  },
  {
    name: "a door that opens",
    rule: { when: { changed: { from: "closed", to: "open" } } },
    readings: everyMinute(0, ["open", "closed", "ajar", "open", "closed", "open", "open"]),
    transitions: ["5  changed"],
  },
  {
    name: "a leak: the level falls by 10 within ten minutes",
    rule: { when: { falls: { by: 10, within: "10m" } } },
    readings: [
      [0, 100],
      [9, 95],
      [18, 90],
      [20, 80],
      [40, 79],
    ],
    transitions: ["20  raised", "40  cleared"],
  },
  {
    name: "a price that changes by 5 percent of the one last reported",
    rule: { read: { value: "$.offers.price" }, when: { changed: { by: "5%" } } },
    readings: everyMinute(
      0,
      [100, 103, 104.9, 105.1, 101, 99.8].map((price) => ({ offers: { price } })),
    ),
    transitions: ["3  changed", "5  changed"],
  },
  {
    name: "a stock level of a list of products, with reminders until it is restocked",
    rule: {
      read: { items: "$[*]", value: "$.qty", key: "$.sku" },
      when: { below: 5 },
      until: { above: 9 },
      remind: "1d",
    },
    readings: [
      [
        0,
        [
          { sku: "a", qty: 4 },
          { sku: "b", qty: 20 },
        ],
      ],
      [DAY + 60, [{ sku: "a", qty: 7 }]],
      [DAY + 120, [{ sku: "a", qty: 10 }]],
    ],
    transitions: ["0 a raised", `${DAY} a reminded`, `${DAY + 120} a cleared`],
  },
  {
    name: "a metric of errors that stays raised for ten minutes after it is normal",
    rule: { when: { above: 5 }, hold: "10m" },
    readings: [
      [0, 6],
      [1, 2],
      [5, 7],
      [6, 1],
      [20, 0],
    ],
    transitions: ["0  raised", "16  cleared"],
  },
  {
    name: "the health of a page, after two responses that are not 200",
    rule: { read: { value: "status" }, when: { not: { is: 200 } }, times: 2 },
    readings: [status(0, 200), status(1, 503), status(2, 200), status(3, 503), status(4, 500), status(5, 200)],
    transitions: ["4  raised", "5  cleared"],
  },
  {
    name: "a new image in a container registry",
    rule: { read: { value: "header:docker-content-digest" }, when: { changed: true } },
    readings: [digest(0, "sha256:a"), digest(1, "sha256:a"), digest(2, "sha256:b"), digest(3, "sha256:b")],
    transitions: ["2  changed"],
  },
  {
    name: "an abandoned cart: no event for an hour on existing traffic",
    rule: { read: { key: "$.cart" }, when: { silent: "1h" } },
    readings: [
      [0, { cart: "c1", event: "added" }],
      [30, { cart: "c2", event: "added" }],
      [50, { cart: "c1", event: "paid" }],
    ],
    transitions: ["90 c2 raised", "110 c1 raised"],
  },
  {
    name: "a value that cannot be read changes nothing, and does not end a silence",
    rule: { read: { value: "$.v" }, when: { any: [{ above: 10 }, { silent: "30m" }] } },
    readings: [
      [0, { v: 20 }],
      [5, { v: "n/a" }],
      [10, { v: 3 }],
      [20, {}],
    ],
    transitions: ["0  raised", "10  cleared", "40  raised"],
  },
];

describe("a condition", () => {
  let scene: WatchStore;

  beforeEach(async () => {
    scene = await WatchStore.open();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it.each(EXAMPLES)("detects $name", async ({ rule, readings, transitions }) => {
    const last = Math.max(...readings.map(([minute]) => minute));
    // Times have a resolution of 4 ms. The readings are long past, so that all timers of the example are due.
    const start = Math.floor((Date.now() - (last + 2 * DAY) * MINUTE) / 1000) * 1000;
    await scene.publish(
      readings.map(([minute, body, headers = {}]): Reading => ({ at: start + minute * MINUTE, body, headers })),
    );
    const watch = await scene.watch({ ...rule, forget: "4w" }, { at: start });
    await scene.run(scene.services, watch, [start + (last + 120) * MINUTE]);
    expect(await scene.timeline(watch, start)).toEqual(transitions);
  });
});
