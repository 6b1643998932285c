import { useParams } from "@tanstack/react-router";
import { EndpointView } from "../parts/endpoint-view.tsx";

export function EndpointPage() {
  const { app, endpoint } = useParams({ from: "/operator/applications/$app/endpoints/$endpoint" });
  return <EndpointView key={endpoint} app={app} id={endpoint} />;
}
