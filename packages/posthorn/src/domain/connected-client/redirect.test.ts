import { describe, expect, it } from "vitest";
import { destinationOf, isLocal, isRegistered, redirectProblem, withParameters } from "./redirect.ts";

describe("redirect URIs", () => {
  it("can point to a host with TLS, to this machine, and to a program with its own scheme", () => {
    const uris = [
      "https://claude.ai/api/mcp/auth_callback",
      "http://127.0.0.1:3118/callback",
      "http://[::1]/callback",
      "http://localhost:8080/",
      "cursor://anysphere.cursor-mcp/oauth/callback",
      "vscode://vscode.github-authentication/did-authenticate",
      "warp://mcp/oauth2callback",
      "com.example.app:/oauth",
    ];
    expect(uris.map(redirectProblem)).toEqual(uris.map(() => null));
  });

  it("cannot point anywhere else", () => {
    const uris = [
      "http://client.example/callback",
      "https://client.example/#fragment",
      "https://client.example/#",
      "https://user@client.example/",
      "https://client.example/a b",
      " https://client.example/",
      "https:\\\\client.example/",
      "javascript:alert(1)",
      "java\tscript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "ms-msdt:/id",
      "search-ms:query=x&crumb=location:\\\\evil.example",
      "ms-word:ofe|u|https://evil.example/x",
      "intent://evil.example/#Intent;end",
      "smb://evil.example/share",
      "ldap://evil.example/x",
      "chrome://settings",
      "x-apple.systempreferences:root",
      "vscode:extension/evil.example",
      "cursor:///x",
      "unknown-client://callback",
      "/callback",
      "",
      `https://client.example/${"a".repeat(1000)}`,
    ];
    expect(uris.filter((uri) => redirectProblem(uri) === null)).toEqual([]);
  });

  it("match exactly, except for the port of a program on this machine", () => {
    const registered = ["http://127.0.0.1:1/cb", "https://client.example/cb?x=1", "app.example:/cb"];
    const same = [
      "http://127.0.0.1/cb",
      "http://127.0.0.1:65000/cb",
      "https://client.example/cb?x=1",
      "app.example:/cb",
    ];
    expect(same.filter((uri) => !isRegistered(uri, registered))).toEqual([]);
    const others = [
      "http://localhost:1/cb",
      "http://127.0.0.1:1/cb/",
      "http://127.0.0.1:1/cb?x=1",
      "http://127.0.0.1:1@evil.example/cb",
      "http://127.0.0.1.evil.example:1/cb",
      "https://client.example/cb",
      "https://client.example:444/cb?x=1",
      "https://client.example/cb?x=1&y=2",
      "app.example:/cb2",
    ];
    expect(others.filter((uri) => isRegistered(uri, registered))).toEqual([]);
  });

  it("are shown as the host or the scheme to which they lead", () => {
    expect(destinationOf("https://claude.ai:444/x")).toBe("claude.ai:444");
    expect(destinationOf("cursor://anysphere/x")).toBe("cursor:");
    expect(["https://claude.ai/x", "https://localhost/x", "http://[::1]/x", "cursor://x"].map(isLocal)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it("get parameters in addition to their own", () => {
    expect(withParameters("https://a.example/cb", { code: "a b", state: null })).toBe("https://a.example/cb?code=a+b");
    expect(withParameters("app.example:/cb?x=1", { code: "1", iss: "https://b" })).toBe(
      "app.example:/cb?x=1&code=1&iss=https%3A%2F%2Fb",
    );
  });
});
