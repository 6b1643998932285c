import { expect, it } from "vitest";
import { filterPathOf, selectorName, suggestSelectors } from "./watch-selectors.ts";

it("suggests a path to each value of recent payloads, numbers first", () => {
  const payloads = [{ device: "a", "room no": 3, sensor: { t: 1.5 } }, { stock: [{ sku: "x", qty: 4 }] }];
  expect(suggestSelectors(payloads).map(({ selector, example }) => [selector, example])).toEqual([
    ["$['room no']", "3"],
    ["$.sensor.t", "1.5"],
    ["$.stock[*].qty", "4"],
    ["$.device", "a"],
    ["$.stock[*]", '[{"sku":"x","qty":4}]'],
    ["$.stock[*].sku", "x"],
  ]);
  expect(suggestSelectors(payloads).filter(({ isList }) => isList)).toHaveLength(1);
});

it("stops at a maximum depth and number of suggestions", () => {
  const wide = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`n${index}`, index]));
  expect(suggestSelectors([wide]).length).toBe(60);
  expect(suggestSelectors([{ a: { b: { c: { d: { e: 1 } } } } }])).toEqual([]);
});

it.each([
  ["$.sensor.temperature", "temperature"],
  ["$[*]['room no']", "room no"],
  ["$[*].qty", "qty"],
  ["topic:1", "topic:1"],
  ["body", null],
  ["", null],
])("names the value that %s reads", (selector, name) => expect(selectorName(selector)).toBe(name));

it("suggests the same values to filters, by their paths", () => {
  const payloads = [{ "room no": 3, sensor: { t: 1.5 } }, { stock: [{ sku: "x" }] }];
  expect(
    suggestSelectors(payloads)
      .flatMap(filterPathOf)
      .map(({ value }) => value),
  ).toEqual(['body."room no"', "body.sensor.t", "body.stock[*].sku"]);
});
