import { urlSecret } from "../provider/scheme/url-secret.ts";
import type { ProviderDefinition } from "../provider/types.ts";
import { unsigned } from "../provider/unsigned.ts";

/** callback_url comes from the sender. Call it only on registry.hub.docker.com. */
export const dockerHub: ProviderDefinition = {
  id: "docker-hub",
  name: "Docker Hub",
  group: "development",
  schemes: [urlSecret()],
  unsigned: unsigned("a secret in the URL; fetch the tag from the registry to confirm"),
  event: "push",
  time: "{body:push_data.pushed_at}",
  respond: { status: 200, note: 'optionally POST {"state":"success"} to body.callback_url' },
};
