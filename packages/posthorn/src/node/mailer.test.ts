import { expect, it } from "vitest";
import type { ConnectorResult } from "../destinations/connections/connector.ts";
import { ConnectorMailer } from "./mailer.ts";

const SERVER = { host: "smtp.example.com", port: 587, security: "starttls", username: null, password: null } as const;
const MAIL = { to: "grace+a@engines.example", subject: "New password", text: "https://example.com/reset#code=1" };

it("returns the reason why an email was rejected, without the address that the mail server repeats", async () => {
  const sentence = "The mail server refused the email: 550 5.1.1 <grace+a@engines.example>: no such user.";
  const refused = { kind: "items", results: [{ kind: "closed", code: "target_not_found", sentence }] };
  const logged: unknown[] = [];
  const log = { warn: (entry: unknown) => logged.push(entry), error: (entry: unknown) => logged.push(entry) };
  await using mailer = new ConnectorMailer({
    server: SERVER,
    from: "posthorn@example.com",
    connector: { send: () => Promise.resolve(refused as unknown as ConnectorResult) },
    now: Date.now,
    log: log as never,
  });
  const reason = "The mail server refused the email: 550 5.1.1 <(address)>: no such user.";
  expect(await mailer.send(MAIL)).toEqual({ sent: false, reason, concerns: "email" });
  expect(logged).toEqual([{ reason }]);
});
