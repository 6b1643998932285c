import { useAudience } from "../session/audience.ts";
import { AutoConfigs } from "./auto-configs.tsx";
import { FeedConsumers, type FeedProps } from "./feed-consumers.tsx";
import { PollerToken } from "./poller-token.tsx";

/** Everything about pulling from an application or an endpoint: consumers, and the tokens of receivers. */
export function Feed({ app, endpoint }: FeedProps) {
  const { can } = useAudience();
  return (
    <>
      <FeedConsumers app={app} endpoint={endpoint} />
      {endpoint !== null && can("ManageEndpointSecret") && <PollerToken app={app} endpoint={endpoint} />}
      {endpoint === null && can("ManageEndpoint") && <AutoConfigs app={app} />}
    </>
  );
}
