/** The document around every page: one file that loads nothing and runs no script but ours. */
import { createHash } from 'node:crypto';
import { html, Markup, type Part } from './markup.js';
import { style } from './style.js';

/**
 * The whole document.
 * @param script the one that its body may hold; none otherwise
 */
export function documentWith(title: string, body: Part, script?: string): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

/** A titled part of the page; null where it has nothing to tell. */
export function section(id: string, title: string, body: Part): Markup | null {
  return body === null ? null : html`<section id="${id}"><h2>${title}</h2>${body}</section>`;
}

/** Nothing is loaded, and no script but ours runs, whatever a server's text may hold. */
function policyFor(script: string | undefined): string {
  return [
    "default-src 'none'",
    'img-src data:',
    `style-src 'sha256-${hash(style)}'`,
    ...(script === undefined ? [] : [`script-src 'sha256-${hash(script)}'`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
