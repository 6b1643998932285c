/**
 * HTML that shows the portal in a page of the product.
 *
 * @param server Address of Posthorn, whose script defines the element.
 */
export function embedCode(server: string): string {
  return [
    `<script type="module" src="${server}/portal/embed.js"></script>`,
    `<posthorn-portal src="URL_FROM_YOUR_SERVER" theme="auto"></posthorn-portal>`,
  ].join("\n");
}
