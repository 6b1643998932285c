import { HubRequests } from "./hub-requests.tsx";
import { HubSubscriptions } from "./hub-subscriptions.tsx";
import { HubTopics } from "./hub-topics.tsx";
import { RestHookTokens } from "./rest-hook-tokens.tsx";
import { RestHooks } from "./rest-hooks.tsx";

/** Subscriptions that receivers manage themselves: at the WebSub hub, and as REST hooks. */
export function Subscriptions({ app }: { readonly app: string }) {
  return (
    <>
      <HubTopics app={app} />
      <HubSubscriptions app={app} />
      <HubRequests app={app} />
      <RestHooks app={app} />
      <RestHookTokens app={app} />
    </>
  );
}
