import type { Command } from "commander";
import { SignJWT } from "jose";
import { envToConfig } from "../../config/config.ts";
import { readEnv } from "../../config/env.ts";
import { loadSecrets } from "../../config/secrets.ts";
import { DEFAULT_ORGANISATION } from "../../domain/organisation/ensure.ts";
import { PosthornError } from "../../lib/errors.ts";
import { isOrganisationId } from "../../lib/id.ts";

import { addSettingFlags, sourcesOf } from "../settings.ts";
import { report, withJson } from "../help.ts";
import { TOKEN } from "../json.ts";

const DAY_SECONDS = 86_400;
const DEFAULT_DAYS = 3650;

/** `posthorn token`: signs a token with the secret of this server, which need not be running. */
export function addTokenCommand(program: Command): void {
  const command = program
    .command("token")
    .description("create an organisation token, signed with the secret of this server")
    .option("--org <id>", "organisation: org_ and up to 100 letters, digits, -, _ or .", DEFAULT_ORGANISATION)
    .option("--days <number>", "days until it expires", String(DEFAULT_DAYS));
  withJson(command, { kind: "own", schema: TOKEN });
  addSettingFlags(command).action(async (options: Record<string, unknown>) => {
    const { jwtSecret } = loadSecrets(envToConfig(readEnv(sourcesOf(options))));
    const token = await organisationToken(jwtSecret, String(options["org"]), Number(options["days"]));
    report(options, { token }, token);
  });
}

export function organisationToken(jwtSecret: string, organisation: string, days = DEFAULT_DAYS): Promise<string> {
  if (!isOrganisationId(organisation)) {
    throw new PosthornError(
      "config_invalid",
      `"${organisation}" is not the name of an organisation: write org_ and up to 100 letters, digits, -, _ or .`,
    );
  }
  if (!(days > 0)) throw new PosthornError("config_invalid", "The number of days must be above 0.");
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: organisation, iss: "posthorn" })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(now)
    .setExpirationTime(now + Math.round(days * DAY_SECONDS))
    .sign(new TextEncoder().encode(jwtSecret));
}
