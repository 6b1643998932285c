import { expect, it } from "vitest";
import { firstInteraction } from "./first-interaction.ts";

it.each(["pointermove", "pointerdown", "keydown"])("resolves with the first %s, and not before", async (event) => {
  const page = new EventTarget();
  let has = false;
  const interaction = firstInteraction(page).then(() => (has = true));
  page.dispatchEvent(new Event("scroll"));
  await Promise.resolve();
  expect(has).toBe(false);
  page.dispatchEvent(new Event(event));
  await interaction;
  expect(has).toBe(true);
});
