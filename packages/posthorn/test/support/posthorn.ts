/** A whole node in this process, on a folder of its own. */
import { pino } from "pino";
import { organisationToken } from "../../src/cli/token/create.ts";
import { envToConfig } from "../../src/config/config.ts";
import { readEnv } from "../../src/config/env.ts";
import { loadSecrets } from "../../src/config/secrets.ts";
import { Posthorn, type PosthornOptions } from "../../src/posthorn.ts";

export interface TestNode extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly metricsUrl: string | null;
}

/** Starts a node with its data in `folder`. */
export async function startNode(
  folder: string,
  options: Partial<PosthornOptions> & { readonly env?: Record<string, string> } = {},
): Promise<TestNode> {
  const environment = { POSTHORN_DATA_DIR: folder, POSTHORN_LISTEN: "127.0.0.1:0", ...options.env };
  const config = envToConfig(readEnv({ environment, dev: true }));
  const secrets = loadSecrets(config);
  const posthorn = await Posthorn.start({ config, secrets, log: pino({ level: "silent" }), ...options });
  return {
    url: posthorn.url,
    metricsUrl: posthorn.metricsUrl,
    token: await organisationToken(secrets.jwtSecret, "org_00000000000000000000000test"),
    [Symbol.asyncDispose]: () => posthorn[Symbol.asyncDispose](),
  };
}
