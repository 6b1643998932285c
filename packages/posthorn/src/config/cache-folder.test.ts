import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheFolder } from "./cache-folder.ts";

const OF_USER = join(tmpdir(), `posthorn-${process.getuid?.() ?? "user"}`);

describe("the cache folder", () => {
  it.each<[string, Record<string, string>, string]>([
    [
      "of systemd comes first",
      { CACHE_DIRECTORY: "/var/cache/p:/x", XDG_CACHE_HOME: "/c", HOME: "/h" },
      "/var/cache/p",
    ],
    ["of the user may be set", { XDG_CACHE_HOME: "/c", HOME: "/h" }, "/c/posthorn"],
    ["of the user is in the home folder", { HOME: "/h" }, "/h/.cache/posthorn"],
    ["is not relative to the working folder", { XDG_CACHE_HOME: "c", HOME: "/h" }, "/h/.cache/posthorn"],
    ["of a system user is a temporary one", { HOME: "/nonexistent" }, OF_USER],
    ["is a temporary one if the home folder is the root", { HOME: "/" }, OF_USER],
  ])("%s", (_rule, environment, folder) => {
    expect(cacheFolder(environment)).toBe(folder);
  });
});
