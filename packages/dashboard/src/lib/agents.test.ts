import { expect, it } from "vitest";
import { agentConfigurations, serverNameOf, stdioConfigurations } from "./agents.ts";

const URL_OF_APP = "https://hooks.example.com/mcp/app/app_1";

it("has the address and the key in each configuration", () => {
  for (const { text } of agentConfigurations(URL_OF_APP, { key: "phc_1" })) {
    expect(text).toContain(URL_OF_APP);
    expect(text).toContain("Bearer phc_1");
  }
});

it("shows a placeholder while there is no key", () => {
  for (const { text } of agentConfigurations(URL_OF_APP)) expect(text).toContain("YOUR_KEY");
});

it("has valid JSON for programs that are configured with it", () => {
  const json = agentConfigurations(URL_OF_APP).filter(({ program }) => program.endsWith(".json)"));
  expect(json.map(({ text }) => Object.keys(JSON.parse(text) as object))).toEqual([["mcpServers"], ["servers"]]);
});

it("names the server in the tools of the Responses API", () => {
  const { text } = agentConfigurations(URL_OF_APP, { key: "phc_1" }).find(({ program }) =>
    program.startsWith("OpenAI"),
  )!;
  expect(JSON.parse(text)).toEqual([expect.objectContaining({ type: "mcp", server_url: URL_OF_APP })]);
});

it("has no key in the configuration of commands, which use a profile", () => {
  for (const { text } of stdioConfigurations("https://hooks.example.com")) {
    expect(text).not.toContain("KEY");
    expect(text).toContain("posthorn");
  }
});

it("can have the name of the operator's product, or a neutral one, so that customers do not see that of Posthorn", () => {
  expect(["Acme Logistics™", "東京", undefined].map(serverNameOf)).toEqual(["acme-logistics", "webhooks", "webhooks"]);
  const texts = agentConfigurations(URL_OF_APP, { name: "acme" }).map(({ text }) => text);
  expect(texts.filter((text) => /posthorn/i.test(text) || !text.includes("acme"))).toEqual([]);
});
