/** How the page looks: light, dark and on paper. No font, image or sheet from elsewhere. */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1b1f24; --quiet: #57606a;
  --rule: #d0d7de; --band: #f3f5f7; --band-other: #e8ecf0; --link: #0550ae;
  --ok: #56b4e9; --slow: #e69f00; --fail: #d55e00; --doubt: #cc79a7; --pass: #009e73;
  --state: #d0d7de; --state-unusual: #f0e442; --on-state: #1b1f24; --over: #fff; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1419; --ink: #e6edf3;
  --quiet: #9da7b3; --rule: #30363d; --band: #161b22; --band-other: #1f262e; --link: #79b8ff;
  --state: #3a434d; --state-unusual: #7a7100; --on-state: #e6edf3; --over: #0f1419; } }
@media print { :root { color-scheme: light; --ground: #fff; --ink: #000; --quiet: #444;
  --rule: #bbb; --band: #f3f5f7; --band-other: #e8ecf0; --link: #000; --state: #d0d7de;
  --state-unusual: #f0e442; --on-state: #000; --over: #fff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 1320px; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
h3 { font-size: 15px; margin: 16px 0 4px; }
p { margin: 4px 0; } a { color: var(--link); } code { font-family: ui-monospace, monospace; }
td, th, li, dd, p, bdi { unicode-bidi: isolate; }
.verdict { border-left: 10px solid var(--slow); padding: 8px 16px; margin: 16px 0;
  background: var(--band); }
.verdict.pass { border-color: var(--pass); } .verdict.fail { border-color: var(--fail); }
.verdict strong { font-size: 26px; letter-spacing: .02em; }
.quiet { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 4px 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 4px 14px 4px 0;
  border-bottom: 1px solid var(--rule); }
th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.short { white-space: nowrap; }
tr:target, li:target { outline: 2px solid var(--slow); }
figure { margin: 8px 0; } figcaption { color: var(--quiet); font-size: 13px; }
svg.timeline { display: block; width: 100%; min-width: 860px; height: auto; }
svg.patterns { position: absolute; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .label { text-anchor: end; } svg .total { font-size: 11px; }
svg .phase, svg .mark { fill: var(--quiet); font-size: 11px; } svg .mark { text-anchor: middle; }
svg .zero { fill: var(--ink); font-weight: 700; stroke: var(--band); stroke-width: 4;
  paint-order: stroke; }
svg .band { fill: var(--band); } svg .band.other { fill: var(--band-other); }
svg .tick { stroke: var(--quiet); stroke-width: .7; }
svg .t0 { stroke: var(--ink); stroke-width: 1.6; }
svg .event { stroke: var(--quiet); stroke-width: .6; stroke-dasharray: 3 3; }
svg .badge { fill: var(--ground); stroke: var(--ink); }
svg .number { font-size: 10px; text-anchor: middle; }
svg .ok { fill: var(--ok); } svg .slow { fill: var(--slow); } svg .fail { fill: var(--fail); }
svg .unknown { fill: var(--doubt); }
svg .over.fail { fill: url(#hatch); } svg .over.unknown { fill: url(#dots); }
svg .over { pointer-events: none; }
svg .hatch { stroke: var(--over); stroke-width: 1.6; } svg .dot { fill: var(--over); }
svg .certain { fill: var(--ink); } svg .perhaps { fill: var(--ink); }
svg .outage:target rect { fill: var(--fail); stroke: var(--fail); stroke-width: 3; }
svg .state { fill: var(--state); stroke: var(--ground); }
svg .state.unusual { fill: var(--state-unusual); }
svg .state.wrong { fill: var(--fail); fill-opacity: .55; }
svg .inside { font-size: 10px; fill: var(--on-state); pointer-events: none; }
svg .step { fill: none; stroke: var(--ink); stroke-width: 1.3; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 0; }
.swatch { vertical-align: -4px; }
.readout { margin-left: auto; color: var(--quiet); font-variant-numeric: tabular-nums; }
.mark-pass { color: var(--pass); } .mark-fail { color: var(--fail); }
.mark-unknown { color: var(--slow); }
@media print { body { max-width: none; padding: 0; font-size: 10.5px; }
  h2 { font-size: 14px; break-after: avoid; } h3 { break-after: avoid; }
  .wide { overflow: visible; } svg.timeline { min-width: 0; }
  tr, figure, .verdict { break-inside: avoid; } thead { display: table-header-group; }
  .screen-only { display: none; } a { text-decoration: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
@page { margin: 14mm; }
`;
