import fc from "fast-check";
import { expect, test } from "vitest";
import { Chain } from "./chain.ts";
import type { Link } from "./chain.ts";

test("does what an array would do, and a link that left holds nothing", () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer() }),
    fc.record({ remove: fc.nat(20) }),
    fc.constant("shift" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const chain = new Chain<{ id: number }>();
      const model: Link<{ id: number }>[] = [];
      for (const one of steps) {
        let left: Link<{ id: number }> | undefined;
        if (one === "shift") {
          chain.shift();
          left = model.shift();
        } else if ("push" in one) {
          model.push(chain.push({ id: one.push }));
        } else {
          [left] = model.splice(one.remove, 1);
          if (left !== undefined) chain.remove(left);
        }
        expect(left ?? { value: null, previous: null, next: null }).toEqual({
          value: null,
          previous: null,
          next: null,
        });
        expect(left !== undefined && chain.remove(left)).toBe(false);
        expect(chain.values().map(({ id }) => id)).toEqual(model.map(({ value }) => value!.id));
        expect([chain.size, chain.first?.id]).toEqual([model.length, model[0]?.value?.id]);
      }
    }),
  );
});
