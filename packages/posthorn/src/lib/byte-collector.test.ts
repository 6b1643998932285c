import { usedMemory } from "@posthorn/testkit";
import { describe, expect, it } from "vitest";
import { ByteCollector } from "./byte-collector.ts";

const MIB = 1024 * 1024;

describe("the collected chunks of a body", () => {
  it("are its bytes in order, for chunks of any size", () => {
    const body = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 251));
    for (const sizes of [[1], [1, 1024], [1023, 1, 5000], [0, 3, 900, 20_000], [200_000]]) {
      const collector = new ByteCollector();
      let at = 0;
      for (let turn = 0; at < body.byteLength; turn++) {
        const size = sizes[turn % sizes.length]!;
        collector.add(body.subarray(at, at + size));
        at += size;
      }
      expect([sizes, collector.bytes().equals(body)]).toEqual([sizes, true]);
    }
  });

  it("are the chunk itself if there is only one, and empty after they were cleared", () => {
    const collector = new ByteCollector();
    const chunk = Buffer.from("x");
    collector.add(chunk);
    expect(collector.bytes()).toBe(chunk);
    collector.add(Buffer.from("y"));
    expect(collector.bytes().toString()).toBe("xy");
    collector.add(Buffer.from("z"));
    expect(collector.bytes().toString()).toBe("xyz");
    collector.clear();
    expect(collector.bytes()).toHaveLength(0);
  });

  // Views of a buffer, one for each byte, would take 190 MiB.
  it.each([
    ["single bytes", [1]],
    ["large and small chunks in turn", [1024, 1]],
  ])("take little more memory than their bytes: %s", (_, sizes) => {
    const source = Buffer.alloc(2048);
    const before = usedMemory();
    const collector = new ByteCollector();
    for (let bytes = 0, turn = 0; bytes < MIB; turn++) {
      const size = sizes[turn % sizes.length]!;
      collector.add(source.subarray(0, size));
      bytes += size;
    }
    expect(usedMemory() - before).toBeLessThan(16 * MIB);
    expect(collector.bytes().byteLength).toBeGreaterThanOrEqual(MIB);
  });
});
