import { createHash } from 'node:crypto';
import { escapeText, type Markup } from './escape.ts';
import { STYLE } from './style.ts';

/**
 * What a browser may do with the page: apply its one style sheet, named by hash, and nothing else. No script runs and
 * nothing is fetched, whatever text comes into the page.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * A document that needs nothing but itself.
 * @param title  plain text
 * @param body   what stands in `<main>`; style attributes in it are not applied, see the policy
 * @returns HTML; equal arguments give equal bytes
 */
export function page(title: string, body: Markup): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body.text}
</main>
</body>
</html>
`;
}
