/** Editor of one route of a source: subscription, forwarded parts of the request, and delivery order. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Url } from "../components/url.tsx";
import { api, must } from "../api/client.ts";
import { Button, buttonClass } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Form, FormRow, type FormValues, SelectField, SwitchField } from "../components/form.tsx";
import { Card, Columns } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { EndpointStateBadge } from "./endpoint-state.tsx";
import { EndpointMatching } from "./endpoint-matching.tsx";
import styles from "./route-editor.module.css";
import { routesKey } from "./use-routes.ts";
import { SaveFoot } from "../components/form-foot.tsx";

export interface RouteEditorProps {
  readonly source: string;
  /** ID of the endpoint that the route leads to. */
  readonly endpoint: string;
  readonly onDeleted: () => void;
}

interface Ref {
  readonly source: string;
  readonly id: string;
}

/** A source is stored as an application, so the endpoint operations of applications work on it. */
export function RouteEditor({ source, endpoint: id, onDeleted }: RouteEditorProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { app_id: source, endpoint_id: id };
  const endpoint = useQuery({
    queryKey: ["endpoint", source, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}", { params: { path } })),
  });
  const remove = async (): Promise<void> => {
    await must(api.DELETE("/api/v1/app/{app_id}/endpoint/{endpoint_id}", { params: { path } }));
    await queries.invalidateQueries({ queryKey: routesKey(source) });
    onDeleted();
  };
  if (endpoint.error !== null) return <Failed error={endpoint.error} retry={() => void endpoint.refetch()} />;
  if (endpoint.data === undefined) return <Loading />;
  return (
    <section className={styles["editor"]} aria-label={t("routes.one")}>
      <header className={styles["head"]}>
        <h2 title={endpoint.data.url}>
          <Url url={endpoint.data.url} />
        </h2>
        <EndpointStateBadge app={source} endpoint={id} />
        <span className={styles["actions"]}>
          <Link
            to="/applications/$app/endpoints/$endpoint"
            params={{ app: source, endpoint: id }}
            className={buttonClass("plain", true)}
          >
            {t("routes.endpoint")}
            <ArrowRight aria-hidden />
          </Link>
          <Confirm
            needs="endpoints:write"
            trigger={
              <Button small kind="danger">
                {t("routes.delete")}
              </Button>
            }
            title={t("routes.deleteTitle")}
            text={t("endpoints.deleteText")}
            action={t("actions.delete")}
            danger
            onConfirm={remove}
          />
        </span>
      </header>
      <EndpointMatching app={source} endpoint={endpoint.data} />
      <Columns>
        <Forwarding source={source} id={id} />
        <Order source={source} id={id} />
      </Columns>
    </section>
  );
}

const PARTS = ["method", "path", "query"] as const;

/** Parts of the request that are forwarded in addition to body and headers. */
function Forwarding({ source, id }: Ref) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const params = { path: { source_id: source, endpoint_id: id } };
  const key = ["source", source, "forwarding", id];
  const forwarding = useQuery({
    queryKey: key,
    queryFn: () => must(api.GET("/ingest/api/v1/source/{source_id}/endpoint/{endpoint_id}/forwarding", { params })),
  });
  const save = useMutation({
    mutationFn: (values: FormValues) =>
      must(
        api.PUT("/ingest/api/v1/source/{source_id}/endpoint/{endpoint_id}/forwarding", {
          params,
          body: Object.fromEntries(PARTS.map((part) => [part, values[part] !== undefined])),
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  if (forwarding.error !== null) return <Failed error={forwarding.error} />;
  if (forwarding.data === undefined) return <Loading lines={3} />;
  return (
    <Card title={t("routes.forwarding")} lead={t("routes.forwardingLead")}>
      <Form
        needs="sources:write"
        key={forwarding.dataUpdatedAt}
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={<SaveFoot save={save} />}
      >
        {PARTS.map((part) => (
          <SwitchField
            key={part}
            name={part}
            label={t(`routes.forwards.${part}`)}
            defaultChecked={forwarding.data[part] ?? false}
          />
        ))}
      </Form>
    </Card>
  );
}

/** Received events have no ordering key, so `key` is offered only where it was set through the API. */
const ORDERS = ["none", "endpoint", "key"] as const;
const ON_FAILURE = ["block", "skip", "park"] as const;

/** Delivery order of the route. */
function Order({ source, id }: Ref) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const params = { path: { app_id: source, endpoint_id: id } };
  const key = ["policy", source, id];
  const policy = useQuery({
    queryKey: key,
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/policy", { params })),
  });
  const save = useMutation({
    mutationFn: (values: FormValues) => {
      const by = ORDERS.find((name) => name === values["by"]) ?? "none";
      const onFailure = ON_FAILURE.find((name) => name === values["onFailure"]) ?? "block";
      const body = { order: { by, onFailure } };
      return must(api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}/policy", { params, body }));
    },
    onSuccess: (saved) => queries.setQueryData(key, saved),
  });
  if (policy.error !== null) return <Failed error={policy.error} />;
  if (policy.data === undefined) return <Loading lines={3} />;
  const { by = "none", onFailure = "block" } = policy.data.effective.order;
  return (
    <Card title={t("policy.sections.order")} lead={t("policy.about.order")}>
      <Form
        needs="endpoints:write"
        key={policy.dataUpdatedAt}
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={<SaveFoot save={save} />}
      >
        <FormRow>
          <SelectField
            name="by"
            label={t("routes.order")}
            value={by ?? "none"}
            choices={ORDERS.filter((name) => name !== "key" || by === name).map((value) => ({
              value,
              label: t(`routes.orders.${value}`),
            }))}
          />
          <SelectField
            name="onFailure"
            label={t("routes.onFailure")}
            value={onFailure ?? "block"}
            choices={ON_FAILURE.map((value) => ({ value, label: t(`routes.onFailures.${value}`) }))}
          />
        </FormRow>
      </Form>
    </Card>
  );
}
