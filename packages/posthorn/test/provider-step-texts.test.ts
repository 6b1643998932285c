/** Each setup step of a provider has a German translation in the dashboard. */
import { describe, expect, it } from "vitest";
import { texts } from "../../dashboard/src/i18n/de/provider-steps.ts";
import { PROVIDER_STEPS } from "../src/sources/provider-steps.ts";

const STEPS: readonly string[] = Object.values(PROVIDER_STEPS).flat();
/** Parts that are the same in both languages: names of the provider's pages, code and links. */
const keptIn = (text: string): readonly string[] => text.match(/\*[^*]+\*|`[^`]+`|https?:\/\/[\w./-]*\w/g) ?? [];

describe("the German setup steps of providers", () => {
  it("exist for each step, and for no removed step", () => {
    expect(Object.keys(texts).toSorted()).toEqual([...new Set(STEPS)].toSorted());
  });

  it("keep the names of the provider's pages, code and links, in their order", () => {
    const changed = Object.entries(texts).filter(
      ([english, german]) => JSON.stringify(keptIn(english)) !== JSON.stringify(keptIn(german)),
    );
    expect(changed).toEqual([]);
  });
});
