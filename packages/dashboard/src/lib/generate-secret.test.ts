import { expect, it } from "vitest";
import { generateSecret } from "./generate-secret.ts";

it("a generated secret has 64 hexadecimal digits, and is different each time", () => {
  const secrets = Array.from({ length: 50 }, generateSecret);
  for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(secrets).size).toBe(secrets.length);
});
