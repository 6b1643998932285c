import fc from "fast-check";
import { expect, test } from "vitest";
import { LinkedList } from "./collections.ts";
import type { ListNode } from "./collections.ts";

test("a linked list behaves like an array, and a removed node references nothing", () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer() }),
    fc.record({ remove: fc.nat(20) }),
    fc.constant("shift" as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const list = new LinkedList<{ id: number }>();
      const model: ListNode<{ id: number }>[] = [];
      for (const one of steps) {
        let removed: ListNode<{ id: number }> | undefined;
        if (one === "shift") {
          list.shift();
          removed = model.shift();
        } else if ("push" in one) {
          model.push(list.push({ id: one.push }));
        } else {
          [removed] = model.splice(one.remove, 1);
          if (removed !== undefined) list.remove(removed);
        }
        expect(removed ?? { value: null, previous: null, next: null }).toEqual({
          value: null,
          previous: null,
          next: null,
        });
        expect(removed !== undefined && list.remove(removed)).toBe(false);
        expect(list.values().map(({ id }) => id)).toEqual(model.map(({ value }) => value!.id));
        expect([list.size, list.first?.id]).toEqual([model.length, model[0]?.value?.id]);
      }
    }),
  );
});
