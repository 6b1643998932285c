import { useAudience } from "../session/audience.ts";
import type { EndpointActionsProps } from "./endpoint-props.ts";
import { EndpointSwitch } from "./endpoint-switch.tsx";
import { RecoverEndpoint } from "./recover-endpoint.tsx";
import { SendExample } from "./send-example.tsx";
import { TestDestination } from "./test-destination.tsx";

export function EndpointActions({ app, endpoint }: EndpointActionsProps) {
  const { can } = useAudience();
  return (
    <>
      {can("CreateAttempts") && endpoint.kind === "http" && <SendExample app={app} endpoint={endpoint} />}
      {can("CreateAttempts") && endpoint.kind !== "http" && <TestDestination app={app} endpoint={endpoint} />}
      {can("CreateAttempts") && <RecoverEndpoint app={app} endpoint={endpoint} />}
      {can("ManageEndpoint") && !endpoint.disabled && <EndpointSwitch app={app} endpoint={endpoint} />}
    </>
  );
}
