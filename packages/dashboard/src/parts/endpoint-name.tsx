import { Link } from "@tanstack/react-router";
import { Url } from "../components/url.tsx";
import { targetName } from "../lib/destination-config.ts";
import type { LocalKind } from "../lib/kind-texts.ts";
import { shortUrl } from "../lib/short-url.ts";
import { useAudience } from "../session/audience.ts";
import { DestinationMark } from "./destination-mark.tsx";
import type { Endpoint } from "./endpoint-props.ts";
import styles from "./message-list.module.css";

export interface EndpointNameProps {
  /** Its application or source. */
  readonly app: string;
  readonly endpoint: Pick<Endpoint, "id" | "url" | "kind" | "description">;
  /** `undefined` while the kinds load. */
  readonly kind: LocalKind | undefined;
}

/** Link to an endpoint: a webhook by its URL; any other kind by its description, or by its target. */
export function EndpointName({ app, endpoint: { id, url, kind: name, description }, kind }: EndpointNameProps) {
  const audience = useAudience();
  const link = audience.endpoint(app, id);
  if (name === "http") {
    return (
      <>
        <Link {...link} title={url}>
          <Url url={url} />
        </Link>
        {description !== "" && <span className="muted">{description}</span>}
      </>
    );
  }
  const title = kind?.title ?? name;
  const target = targetName(url);
  return (
    <span className={styles["kind"]}>
      <DestinationMark kind={name} group={kind?.group ?? ""} />
      <span className={styles["name"]}>
        <Link {...link} title={url}>
          {description !== "" || target === "" ? description || title : <Url url={target} />}
        </Link>
        <span className="muted">{description !== "" && target !== "" ? `${title} · ${shortUrl(target)}` : title}</span>
      </span>
    </span>
  );
}
