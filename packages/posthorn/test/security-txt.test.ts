import { expect, it } from "vitest";
import { startNode } from "./support/posthorn.ts";
import { temporaryFolder } from "./support/store.ts";

const PATH = "/.well-known/security.txt";

it("security.txt has the contacts in order, and an expiry within a year", async () => {
  using folder = temporaryFolder();
  const contacts = ["mailto:security@example.com", "https://example.com/security"];
  await using node = await startNode(folder.path, { env: { POSTHORN_SECURITY_CONTACTS: contacts.join(", ") } });
  const response = await fetch(`${node.url}${PATH}`);
  const text = await response.text();
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
  expect([...text.matchAll(/^Contact: (.*)$/gm)].map(([, contact]) => contact)).toEqual(contacts);
  const expires = Date.parse(/^Expires: (\S+)$/m.exec(text)![1]!) - Date.now();
  expect(expires).toBeGreaterThan(86_400_000);
  expect(expires).toBeLessThan(365 * 86_400_000);
  expect(text).toContain(`Canonical: ${node.url}${PATH}\n`);
});

it("there is no security.txt without a contact", async () => {
  using folder = temporaryFolder();
  await using node = await startNode(folder.path, {});
  expect((await fetch(`${node.url}${PATH}`)).status).toBe(404);
});

it.each(["security@example.com", "http://example.com/", "mailto:a b@example.com", "mailto:a@b\r\nContact: x"])(
  "rejects %j as a contact at the start",
  async (contact) => {
    using folder = temporaryFolder();
    const start = startNode(folder.path, { env: { POSTHORN_SECURITY_CONTACTS: contact } });
    await expect(start).rejects.toThrow("POSTHORN_SECURITY_CONTACTS");
  },
);
