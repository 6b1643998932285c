import { describe, expect, it } from "vitest";
import { serversName, serverUrls } from "./server-urls.ts";

describe("the servers of a URL", () => {
  it.each([
    ["postgres://a/db", ["postgres://a/db"]],
    ["postgres://u:p@a,b/db", ["postgres://u:p@a/db", "postgres://u:p@b/db"]],
    [
      "postgresql://u:p%2C@a:1,[::1]:2,c/db?sslmode=verify-full&target_session_attrs=read-write",
      ["a:1", "[::1]:2", "c"].map(
        (host) => `postgresql://u:p%2C@${host}/db?sslmode=verify-full&target_session_attrs=read-write`,
      ),
    ],
    // A comma or an at sign in a password does not separate servers.
    ["postgres://u:a,b@c@d/db", ["postgres://u:a,b@c@d/db"]],
    ["postgres://u:p@/db?host=/run/postgresql", ["postgres://u:p@/db?host=/run/postgresql"]],
    [
      "postgres://a,b/db?target_session_attrs=primary",
      ["a", "b"].map((host) => `postgres://${host}/db?target_session_attrs=primary`),
    ],
  ])("%s", (url, urls) => {
    expect(serverUrls(url)).toEqual(urls);
  });

  it.each([
    ["postgres://a,,b/db", /a host is missing/],
    ["postgres://a,/db", /a host is missing/],
    ["postgres://a:x,b/db", /not a URL/],
    ["postgres://u:se#cret@a/db", /%23/],
    ["postgres://a,b/db?target_session_attrs=any", /accepts writes/],
    ["postgres://a/db?target_session_attrs=standby", /accepts writes/],
    ["mysql://a/db", /postgres:\/\//],
  ])("are rejected for %s, without revealing the password", (url, why) => {
    expect(() => serverUrls(url)).toThrow(why);
    expect(() => serverUrls(url)).not.toThrow(/cret/);
  });

  it("have names without user, password and parameters", () => {
    expect(serversName("postgres://u:secret@a:1,b/db?password=secret#x")).toBe("postgres://a:1,b/db");
  });
});
